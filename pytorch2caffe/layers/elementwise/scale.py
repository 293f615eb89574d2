"""Scale and Bias: a multiplication or addition with weights or a second input, broadcast from an axis on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, binary, blob_shape
from ...graph.bounds import are_integers, product
from ...graph.builder import Builder
from ...graph.graph import Node, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import ANY, Bounds, Layer, Source, from_ir, layer
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .eltwise import Eltwise
from .power import Power


def broadcast(name: str, axis: int, rank: int, own_rank: int) -> str:
    """`name`, a tensor of `own_rank` axes, as an expression aligned with axis `axis` of a tensor of `rank` axes."""
    ones = rank - axis - own_rank
    return f"{name}[{', '.join(['...', *['None'] * ones])}]" if ones else name


@dataclass(frozen=True)
class _Broadcast(Layer):
    """The settings of Scale and Bias: the first axis of the operand in the input, and its number of axes."""

    axis: int = 1
    num_axes: int = 1

    def _operands(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> tuple[str, list[np.ndarray], int]:
        """The second operand as an expression, the remaining blobs, and the number of axes after the operand's."""
        rank = len(shapes[0])
        axis = self.axis % rank
        if len(shapes) > 1:
            return broadcast("{1}", axis, rank, len(shapes[1])), list(blobs), rank - axis - len(shapes[1])
        spans = blobs[0].ndim if self.num_axes != -1 else rank - axis
        ones = rank - axis - spans
        return "{weight}", list(blobs[1:]), ones

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shape of the operand, unless that is a second bottom."""
        if len(shapes) > 1:
            return []
        axis = self.axis % len(shapes[0])
        return [tuple(shapes[0][axis:] if self.num_axes == -1 else shapes[0][axis : axis + self.num_axes])]

    @staticmethod
    def _column(blob: np.ndarray, ones: int) -> np.ndarray:
        return blob.reshape(blob.shape + (1,) * ones)

    def _rows(self, shape: Sequence[int], blob: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
        """The shape [rows, size] that ncnn works on row by row, and the blob with one element per row."""
        axis = self.axis % len(shape)
        if prod(shape[:axis]) != 1:
            raise Refused(
                f"{self.type} along axis {axis}, where ncnn's works along the first axis after the batch only"
            )
        return (blob.size, prod(shape[axis + blob.ndim :])), blob.reshape(-1)

    def _with_operand(self, operation: str, shapes: Sequence[Shape]) -> Ncnn:
        """A BinaryOp of two inputs, the second aligned with the first."""
        big, small = shapes
        axis = self.axis % len(big)
        aligned = (*(1,) * axis, *small, *(1,) * (len(big) - axis - len(small)))
        return binary(operation, [big, aligned])


@layer("Scale", param="scale_param")
class Scale(_Broadcast):
    """y = x * scale (+ bias). scale and bias have the shape of the num_axes axes from
    `axis` on. scale: the second bottom or a blob; bias: a blob.

    Source: BVLC Caffe, scale_layer.cpp.
    """

    legacy_name = "bn_scale"
    needs_weights = True
    keeps_inf = True
    in_place = True

    bias_term: bool = False

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        if len(inputs) > 1 or len(blobs) != 1:
            return product(inputs) if not self.bias_term else ANY
        return product([inputs[0], (float(np.min(blobs[0])), float(np.max(blobs[0])))])

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(*blobs)

    def may_be_mask(self, index: int, blobs: Sequence[np.ndarray]) -> bool:
        return index == 1

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        own = super().blob_shapes(shapes)
        return own + ([own[0] if own else tuple(shapes[1])] if self.bias_term else [])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        operand, rest, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        if not self.bias_term:
            return Source(expr=f"{{0}} * {operand}", state=state)
        return Source(expr=f"{{0}} * {operand} + {{bias}}", state={**state, "bias": self._column(rest[0], ones)})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        x, *others = inputs
        if self.axis == 1 and not others and blobs[0].ndim == 1 and len(x.shape) in (2, 4, 5):
            weights = dict(zip(("scale", "bias"), blobs, strict=False))
            return net.op("Scale", x, weights=weights, use_bias=self.bias_term)
        factor, rest = _ir_operand(self, net, x, others, blobs)
        y = net.op("Mul", x, factor)
        return net.op("Add", y, net.operand(y, rest[0], self.axis % len(x.shape))) if self.bias_term else y

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if len(shapes) > 1:
            if self.bias_term:
                raise Refused(
                    "Scale by a second input and with a bias, which ncnn does not have", "use Scale, then Bias"
                )
            return self._with_operand("mul", shapes)
        shape, scale = self._rows(shapes[0], blobs[0])
        params = {0: scale.size, 1: int(self.bias_term)}
        weights = (scale, *(blob.reshape(-1) for blob in blobs[1:]))
        if blob_shape(shapes[0])[:1] == shape[:1]:
            return Ncnn("Scale", params, weights)
        return Ncnn("Scale", params, weights, (shape,), (shape,))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """As a Scale of channels, of x in a shape where the axes of the weights are one, the second.

        Otherwise the weights as constants, aligned from any axis; for targets without Scale, the factor repeated.
        """
        x, *others = inputs
        if not others and (y := self._of_channels(net, x, blobs)) is not None:
            return y
        factor = others[0] if others else net.constant(blobs[0])
        if others and not self.bias_term:
            return net.add(Eltwise("PROD"), x, _repeated(net, factor, x, self.axis))
        y = net.add(Scale(self.axis), x, factor, name="times" if self.bias_term else "")
        return net.add(Bias(self.axis), y, net.constant(blobs[-1])) if self.bias_term else y

    def _of_channels(self, net: Lowering, x: Value, blobs: Sequence[np.ndarray]) -> Value | None:
        """The layer along the second of four axes; None if the target does not take that either."""
        axis, channels = self.axis % len(x.shape), Scale(1, 1, self.bias_term)
        shape = prod(x.shape[:axis]), blobs[0].size, prod(x.shape[axis + blobs[0].ndim :]), 1
        weights = [blob.reshape(-1) for blob in blobs]
        if not net.takes(channels, Value("", shape), blobs=weights):
            return None
        y = net.add(channels, reshape_to(net, x, shape, "channels"), blobs=weights, name="times")
        return reshape_to(net, y, x.shape)


def per_channel(node: Node) -> bool:
    """Whether a node is a Scale by one weight per channel."""
    if not isinstance(node.layer, Scale) or len(node.inputs) != 1:
        return False
    return node.layer.axis % len(node.inputs[0].shape) == 1 and node.blobs[0].ndim == 1


@layer("Bias", param="bias_param")
class Bias(_Broadcast):
    """y = x + bias. bias: the second bottom or a blob, of the shape of the num_axes axes from `axis` on.

    Source: BVLC Caffe, bias_layer.cpp.
    """

    keeps_inf = True
    in_place = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        low, high = inputs[1] if len(inputs) > 1 else (float(np.min(blobs[0])), float(np.max(blobs[0])))
        return inputs[0][0] + low, inputs[0][1] + high

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(*blobs)

    def may_be_mask(self, index: int, blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        operand, _, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        return Source(expr=f"{{0}} + {operand}", state=state)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn's Bias adds per channel, the first of three axes."""
        if len(shapes) > 1:
            return self._with_operand("add", shapes)
        (rows, size), bias = self._rows(shapes[0], blobs[0])
        if len(blob_shape(shapes[0])) > 2 and blob_shape(shapes[0])[0] == rows:
            return Ncnn("Bias", {0: rows}, (bias,))
        return Ncnn("Bias", {0: rows}, (bias,), ((rows, 1, size),), ((rows, 1, size),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets without Bias: a Scale by 1 with a bias, or the sum with the second bottom repeated.

        A Scale of ones repeats it for every size of x; it is repeated by its own size only for targets without Scale.
        """
        if blobs:
            return net.add(Scale(self.axis, self.num_axes, True), *inputs, blobs=[np.ones_like(blobs[0]), blobs[0]])
        x, bias = inputs
        ones = Power(scale=0.0, shift=1.0)
        if bias.shape == x.shape or not net.takes(Scale(self.axis), x, bias) or not net.takes(ones, x):
            return net.add(Eltwise(), x, _repeated(net, bias, x, self.axis))
        copies = net.add(Scale(self.axis), net.add(ones, x, name="ones"), bias, name="copies")
        return net.add(Eltwise(), x, copies)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        x, *others = inputs
        return net.op("Add", x, _ir_operand(self, net, x, others, blobs)[0])


def _repeated(net: Builder, operand: Value, like: Value, axis: int) -> Value:
    """An operand aligned from `axis` on, repeated to the shape of `like`."""
    ones = len(like.shape) - axis % len(like.shape) - len(operand.shape)
    return expand_to(net, reshape_to(net, operand, operand.shape + (1,) * ones, "lined_up"), like.shape)


def _ir_operand(
    layer: _Broadcast, net: IrNet, x: Edge, others: Sequence[Edge], blobs: Sequence[np.ndarray]
) -> tuple[Edge, Sequence[np.ndarray]]:
    """The second operand in the IR, with as many axes as the first, and the remaining blobs."""
    axis = layer.axis % len(x.shape)
    if not others:
        return net.operand(x, blobs[0], axis), blobs[1:]
    ones = len(x.shape) - axis - len(others[0].shape)
    return net.reshape(others[0], (1,) * axis + others[0].shape + (1,) * ones), blobs


@from_ir("Affine", "Scale")
def ir_scale(net: Builder, node: IrOperator, input: Value) -> Value:
    """Per channel; the weights of an Affine are the scale and, optionally, the bias, under the keys 0 and 1."""
    scale = node.weight("scale", "0", "gamma", rank=1)
    bias = next((node.weight(key, rank=1) for key in ("bias", "1", "beta") if node.has(key)), None)
    scale_layer = Scale(node.axis(input, -1), 1, bias is not None)
    return net.add(scale_layer, input, blobs=[scale] if bias is None else [scale, bias])


@from_ir("BiasAdd")
def ir_bias_add(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Bias(node.axis(input, -1)), input, blobs=[node.weight("bias", "weights", rank=1)])

"""Scale and Bias: multiply by, or add, weights or a second input that is broadcast from an axis on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, binary, blob_shape
from ...graph.builder import Builder
from ...graph.graph import Node, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, layer
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from .eltwise import Eltwise


def broadcast(name: str, axis: int, rank: int, smaller: Any) -> Any:
    """`name`, of `smaller` axes, as an expression that lines up with axis `axis` of a tensor of `rank` axes."""
    ones = rank - axis - smaller
    return f"{name}[{', '.join(['...', *['None'] * ones])}]" if ones else name


@dataclass(frozen=True)
class _Broadcast(Layer):
    """What Scale and Bias share: where the factor lines up."""

    axis: int = 1
    num_axes: int = 1

    def _operands(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Any:
        """The second operand as an expression, the blobs left, and how many axes the operand spans."""
        rank = len(shapes[0])
        axis = self.axis % rank
        if len(shapes) > 1:
            return broadcast("{1}", axis, rank, len(shapes[1])), list(blobs), rank - axis - len(shapes[1])
        spans = blobs[0].ndim if self.num_axes != -1 else rank - axis
        ones = rank - axis - spans
        return "{weight}", list(blobs[1:]), ones

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Its factor's shape, unless that comes as a second bottom."""
        if len(shapes) > 1:
            return []
        axis = self.axis % len(shapes[0])
        return [tuple(shapes[0][axis:] if self.num_axes == -1 else shapes[0][axis : axis + self.num_axes])]

    @staticmethod
    def _column(blob: np.ndarray, ones: Any) -> Any:
        return blob.reshape(blob.shape + (1,) * ones)

    def _rows(self, shape: Sequence[int], blob: np.ndarray) -> Any:
        """The shape in which ncnn multiplies row by row, and the blob as one number a row."""
        axis = self.axis % len(shape)
        if prod(shape[:axis]) != 1:
            raise Refused(f"ncnn's {self.type} works along the first axis behind the batch only, not along axis {axis}")
        return (blob.size, prod(shape[axis + blob.ndim :])), blob.reshape(-1)

    def _with_operand(self, operation: str, shapes: Sequence[Shape]) -> Any:
        """As a BinaryOp of two inputs, the second lined up."""
        big, small = shapes
        axis = self.axis % len(big)
        lined_up = (*(1,) * axis, *small, *(1,) * (len(big) - axis - len(small)))
        return binary(operation, [big, lined_up])


@layer("Scale", param="scale_param")
class Scale(_Broadcast):
    """y = x * scale (+ bias). scale: the second bottom, or blobs scale and bias of the shape of axes axis...

    Source: BVLC Caffe, scale_layer.cpp.
    """

    legacy_name = "bn_scale"
    needs_weights = True
    keeps_inf = True
    in_place = True

    bias_term: bool = False

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        own = super().blob_shapes(shapes)
        return own + ([own[0] if own else tuple(shapes[1])] if self.bias_term else [])

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        operand, rest, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        if not self.bias_term:
            return Source(expr=f"{{0}} * {operand}", state=state)
        return Source(expr=f"{{0}} * {operand} + {{bias}}", state={**state, "bias": self._column(rest[0], ones)})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        x, *others = inputs
        if self.axis == 1 and not others and blobs[0].ndim == 1 and len(x.shape) in (2, 4, 5):
            weights = dict(zip(("scale", "bias"), blobs, strict=False))
            return net.op("Scale", x, weights=weights, use_bias=self.bias_term)
        factor, rest = _operand(self, net, x, others, blobs)
        y = net.op("Mul", x, factor)
        return net.op("Add", y, net.operand(y, rest[0], self.axis % len(x.shape))) if self.bias_term else y

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if len(shapes) > 1:
            if self.bias_term:
                raise Refused("ncnn has no Scale by an input that adds a bias too", "add it by a Bias")
            return self._with_operand("mul", shapes)
        shape, scale = self._rows(shapes[0], blobs[0])
        params = {0: scale.size, 1: int(self.bias_term)}
        weights = (scale, *(blob.reshape(-1) for blob in blobs[1:]))
        if blob_shape(shapes[0])[:1] == shape[:1]:
            return Ncnn("Scale", params, weights)
        return Ncnn("Scale", params, weights, (shape,), (shape,))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """The weights as constants, which line up from any axis; for readers without that, the factor repeated."""
        x, *others = inputs
        factor = others[0] if others else net.constant(blobs[0])
        if others and not self.bias_term:
            return net.add(Eltwise("PROD"), x, _repeated(net, factor, x, self.axis))
        y = net.add(Scale(self.axis), x, factor, name="times" if self.bias_term else "")
        return net.add(Bias(self.axis), y, net.constant(blobs[-1])) if self.bias_term else y


def per_channel(node: Node) -> bool:
    """Whether a node is a Scale by weights, one for each channel."""
    if not isinstance(node.layer, Scale) or len(node.inputs) != 1:
        return False
    return node.layer.axis % len(node.inputs[0].shape) == 1 and node.blobs[0].ndim == 1


@layer("Bias", param="bias_param")
class Bias(_Broadcast):
    """y = x + bias. bias: the second bottom, or a blob of the shape of axes axis...

    Source: BVLC Caffe, bias_layer.cpp.
    """

    keeps_inf = True
    in_place = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        operand, _, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        return Source(expr=f"{{0}} + {operand}", state=state)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn adds per channel, the first of three axes."""
        if len(shapes) > 1:
            return self._with_operand("add", shapes)
        (rows, size), bias = self._rows(shapes[0], blobs[0])
        if len(blob_shape(shapes[0])) > 2 and blob_shape(shapes[0])[0] == rows:
            return Ncnn("Bias", {0: rows}, (bias,))
        return Ncnn("Bias", {0: rows}, (bias,), ((rows, 1, size),), ((rows, 1, size),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Importers lack Bias: a Scale by 1 that has a bias, or the sum with the second bottom repeated."""
        if blobs:
            return net.add(Scale(self.axis, self.num_axes, True), *inputs, blobs=[np.ones_like(blobs[0]), blobs[0]])
        x, bias = inputs
        return net.add(Eltwise(), x, _repeated(net, bias, x, self.axis))

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        x, *others = inputs
        return net.op("Add", x, _operand(self, net, x, others, blobs)[0])


def _repeated(net: Builder, operand: Any, like: Any, axis: int) -> Any:
    """An operand that lines up from `axis` on, in the shape of `like`."""
    ones = len(like.shape) - axis % len(like.shape) - len(operand.shape)
    return expand_to(net, reshape_to(net, operand, operand.shape + (1,) * ones, "lined_up"), like.shape)


def _operand(layer: Any, net: Builder, x: Value, others: Any, blobs: Sequence[np.ndarray]) -> Any:
    """The second operand in the IR, with as many axes as the first, and the blobs left."""
    axis = layer.axis % len(x.shape)
    if not others:
        return net.operand(x, blobs[0], axis), blobs[1:]
    ones = len(x.shape) - axis - len(others[0].shape)
    return net.reshape(others[0], (1,) * axis + others[0].shape + (1,) * ones), blobs


@from_ir("Affine", "Scale")
def ir_scale(net: Builder, node: IrOperator, input: Value) -> Any:
    """Per channel; an Affine's weights are a list of the scale and, if it has one, the bias."""
    scale = node.weight("scale", "0", "gamma", rank=1)
    bias = next((node.weight(key, rank=1) for key in ("bias", "1", "beta") if node.has(key)), None)
    made = Scale(node.axis(input, -1), 1, bias is not None)
    return net.add(made, input, blobs=[scale] if bias is None else [scale, bias])


@from_ir("BiasAdd")
def ir_bias_add(net: Builder, node: IrOperator, input: Value) -> Any:
    return net.add(Bias(node.axis(input, -1)), input, blobs=[node.weight("bias", "weights", rank=1)])

"""The indices of the largest elements: ArgMax, argmax, argmin."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer
from ..activation.threshold import Threshold
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at
from .reduce import Reduce

INDICES_AND_VALUES = '''
def places_and_values(x, count):
    """The places of each sample's largest numbers, and these: [N, 2, count]."""
    values, places = x.flatten(1).topk(count)
    return torch.stack((places.to(x.dtype), values), 1)
'''


@layer("ArgMax", param="argmax_param")
class ArgMax(Layer):
    """The indices of the top_k largest elements along `axis`, or with out_max_val the elements; largest first.

    Without an axis: of all elements of a sample; the top is [N, 1, top_k, 1 ...], or with out_max_val
    [N, 2, top_k, 1 ...], indices then elements.
    Of equal elements Caffe gives the last.  Source: BVLC Caffe, argmax_layer.cpp.
    """

    axis: int | None
    top_k: int = 1
    out_max_val: bool = False

    def to_caffe(self) -> dict[str, Any]:
        return {name: value for name, value in self.settings().items() if value is not None}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        axis = param.get("axis")
        axis = None if axis is None else axis % len(shapes[0])
        return cls(axis, param.get("top_k", 1), param.get("out_max_val", False))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if self.axis is None:
            top = f"{{0}}.flatten(1).topk({self.top_k})"
            more = f"[{', '.join(['...', *['None'] * (len(shapes[0]) - 3)])}]" if len(shapes[0]) > 3 else ""
            if not self.out_max_val:
                return Source(expr=f"{top}[1].to({{0}}.dtype).unsqueeze(1){more}")
            return Source(expr=f"places_and_values({{0}}, {self.top_k}){more}", define=INDICES_AND_VALUES)
        if self.top_k == 1 and not self.out_max_val:
            last = shapes[0][self.axis] - 1
            return Source(expr=f"({last} - {{0}}.flip({self.axis}).argmax({self.axis}, keepdim=True)).to({{0}}.dtype)")
        part = "[0]" if self.out_max_val else "[1].to({0}.dtype)"
        return Source(expr=f"{{0}}.topk({self.top_k}, {self.axis}){part}")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if self.top_k != 1 or self.out_max_val or self.axis is None:
            raise Refused("the IR's ArgMax gives one index along an axis", "use top_k: 1 and an axis")
        return FirstMax(self.axis % len(inputs[0].shape)).to_ir(net, inputs, blobs)


@layer("FirstMax")
class FirstMax(Layer):
    """The index of the largest element along `axis`, which stays with size 1; of equal elements, the first."""

    axis: int

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, shapes[0][self.axis] - 1.0

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"{{0}}.argmax({self.axis}, keepdim=True).to({{0}}.dtype)")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Caffe's ArgMax gives the last of equal elements: it runs on the reversed axis.

        For targets without ArgMax: of those equal to the maximum, the one with the greatest distance from the end.
        """
        (x,) = inputs
        if not net.takes(ArgMax(self.axis), x):
            return self._by_distance(net, x)
        y = net.add(ArgMax(self.axis), _flipped(net, x, self.axis), name="from_behind")
        return net.add(Power(scale=-1.0, shift=x.shape[self.axis] - 1.0), y)

    def _by_distance(self, net: Lowering, x: Value) -> Value:
        size = x.shape[self.axis]
        maximum = net.add(Reduce("max", (self.axis,), True), x, name="maximum")
        below = net.add(Threshold(), arithmetic(net, "sub", maximum, x), name="below")
        distances = np.arange(size, 0, -1, dtype=np.float32).reshape(-1, *(1,) * (len(x.shape) - 1 - self.axis))
        distance = arithmetic(net, "mul", net.add(Power(scale=-1.0, shift=1.0), below, name="equal"), distances)
        greatest = net.add(Reduce("max", (self.axis,), True), distance, name="greatest")
        return net.add(Power(scale=-1.0, shift=float(size)), greatest)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        (x,) = inputs
        x_last, order = net.last(x, self.axis)
        y = net.op("ArgMax", x_last, shape=x_last.ir_shape[:-1], axis=len(x.shape) - 1)
        return net.transpose(net.in_shape(y, (*x_last.ir_shape[:-1], 1)), order)


def _flipped(net: Builder, x: Value, axis: int) -> Value:
    """`x` with an axis reversed by Slice and Concat, which keep inf; a long axis as two shorter ones."""
    size = x.shape[axis]
    rows = max(d for d in range(1, isqrt(size) + 1) if size % d == 0) if size > 32 else 1
    y = reshape_to(net, x, (*x.shape[:axis], rows, size // rows, *x.shape[axis + 1 :]), "rows") if rows > 1 else x
    for each in (axis, axis + 1) if rows > 1 else (axis,):
        if y.shape[each] > 1:
            pieces = slice_at(net, y, each, list(range(1, y.shape[each])), "piece")
            y = net.add(Concat(each), *reversed(pieces), name="turned")
    return reshape_to(net, y, x.shape, "row")


@from_torch("torch.argmax", "torch.Tensor.argmax")
def argmax(net: Builder, input: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    rank = len(input.shape)
    if dim is None or rank < 2:  # a batch of one: what comes before and after mostly has it too
        y = net.add(FirstMax(1), reshape_to(net, input, (1, prod(input.shape)), "flat"))
        return reshape_to(net, y, (1,) * rank if keepdim else ())
    axis = dim % rank
    y = net.add(FirstMax(axis), input)
    return y if keepdim else reshape_to(net, y, (*y.shape[:axis], *y.shape[axis + 1 :]))


@from_torch("torch.argmin", "torch.Tensor.argmin")
def argmin(net: Builder, input: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    return argmax(net, net.add(Power(scale=-1.0), input, name="minus"), dim, keepdim)


@from_ir("ArgMax", "ArgMin")
def ir_arg_max(net: Builder, node: IrOperator, input: Value) -> Value:
    axis = node.axis(input, node.integer("axis" if "axis" in node else "axes"))
    y = (argmax if node.op == "ArgMax" else argmin)(net, input, axis, True)
    return node.reshaped(y, [size for i, size in enumerate(node.shape(input)) if node.axis(input, i) != axis])


@from_onnx("ArgMax", "ArgMin")
def onnx_arg_max(
    net: Builder, data: Value, *, node: OnnxNode, axis: int = 0, keepdims: int = 1, select_last_index: int = 0
) -> Value:
    if select_last_index:
        raise Refused(f"{node.op} with select_last_index", "use the first of equal numbers")
    return (argmax if node.op == "ArgMax" else argmin)(net, data, axis, bool(keepdims))

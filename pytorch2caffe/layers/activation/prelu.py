"""PReLU: a leaky ReLU whose slope is learned."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..elementwise.arithmetic import arithmetic
from ..shape.reshape import reshape_to
from ..shape.transpose import transpose
from .clip import clip


@layer("PReLU", param="prelu_param")
class PReLU(Layer):
    """y = x if x > 0 else slope * x. Blob: the slope, [channels] or, if channel_shared, a scalar.

    Source: BVLC Caffe, prelu_layer.cpp.
    """

    needs_weights = True
    in_place = True

    channel_shared: bool = False

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [() if self.channel_shared else (shapes[0][1],)]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        count = 1 if self.channel_shared else shapes[0][1]
        return Source(f"nn.PReLU({count})", state={"weight": blobs[0].reshape(count)})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        """One slope per channel; a tensor whose channels are not last in the IR is transposed."""
        x, order = net.last(inputs[0], 1)
        slope = np.broadcast_to(blobs[0], inputs[0].shape[1:2])
        return net.transpose(net.op("PRelu", x, gamma=0.25, weights={"gamma": slope}), order)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if not self.channel_shared:
            one_sample(shapes[0], 2, 3, 4, 5)
        return Ncnn("PReLU", {0: blobs[0].size}, (blobs[0].reshape(-1),))


@from_torch("torch.nn.functional.prelu", "torch.prelu", "torch.Tensor.prelu")
def prelu(net: Builder, input: Value, weight: Operand) -> Value:
    if isinstance(weight, Value):
        raise Refused("prelu with a slope that depends on the input", "use a slope that is a parameter")
    if weight.size > 1 and len(input.shape) < 2:
        raise Refused("prelu with a slope per channel on a tensor without channels", "add a batch axis")
    shared = weight.size == 1
    x = input  # of 2 to 4 axes, which Caffe's PReLU accepts
    if len(x.shape) < 2:
        x = reshape_to(net, x, (1, prod(x.shape)), "row")
    elif len(x.shape) > 4:
        x = reshape_to(net, x, (*x.shape[:2], prod(x.shape[2:])), "flat")
    y = net.add(PReLU(shared), x, blobs=[weight.reshape(()) if shared else weight])
    return reshape_to(net, y, input.shape, "shaped")


@from_ir("PRelu")
def ir_prelu(net: Builder, node: IrOperator, input: Value) -> Value:
    """A slope per channel; the attribute `gamma` is only its initial value."""
    slope = node.weight("gamma", rank=1)
    if node.axis(input, -1) == 1 or slope.size == 1:
        return prelu(net, input, slope)
    return transpose(net, prelu(net, transpose(net, input, 1, -1), slope), 1, -1)


@from_onnx("PRelu")
def onnx_prelu(net: Builder, X: Value, slope: Operand, *, node: OnnxNode) -> Value:
    """The slope broadcasts to X: one number, one per channel, or more, as max(x, 0) + slope * min(x, 0)."""
    if isinstance(slope, np.ndarray):
        own = (1,) * (len(X.shape) - slope.ndim) + slope.shape
        if node.opset < 7 and slope.ndim == 1:  # one per channel
            own = (1, slope.size)
        if slope.size == 1 or len(X.shape) > 1 and slope.size == own[1] == X.shape[1]:
            return prelu(net, X, slope.reshape(-1))
    negative = arithmetic(net, "mul", clip(net, X, None, 0.0), slope)
    return arithmetic(net, "add", clip(net, X, 0.0, None), negative)

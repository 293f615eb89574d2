"""Instance normalization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from .batch_norm import batch_norm
from .mvn import normalise
from .scale_and_shift import scale_and_shift


@layer("InstanceNorm")
class InstanceNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the spatial axes of each channel of each sample."""

    legacy_name = "instance_norm"

    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.instance_norm({{0}}, eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        one_sample(shapes[0], 3, 4, 5)
        blob = shapes[0][1:] if len(shapes[0]) > 3 else (shapes[0][1], 1, shapes[0][2])
        return Ncnn("InstanceNorm", {0: blob[0], 1: self.eps, 2: 0}, (), (blob,), (blob,))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        return normalise(net, inputs[0], 2, self.eps)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if len(inputs[0].shape) != 4:
            raise Refused(
                f"InstanceNorm of {len(inputs[0].shape)} axes, where MMdnn's IR has 4", "reshape to N, C, H, W"
            )
        return net.op("InstanceNorm", *inputs, epsilon=self.eps)


@from_torch("torch.nn.functional.instance_norm")
def instance_norm(
    net: Builder,
    input: Value,
    running_mean: Operand | None = None,
    running_var: Operand | None = None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Value:
    if not use_input_stats:
        return batch_norm(net, input, running_mean, running_var, weight, bias, False, momentum, eps)
    return scale_and_shift(net, net.add(InstanceNorm(eps), input), weight, bias, 1)


@from_ir("InstanceNorm")
def ir_instance_norm(net: Builder, node: IrOperator, input: Value) -> Value:
    weight, bias = (node.weight(key, rank=1) if node.has(key) else None for key in ("scale", "bias"))
    return instance_norm(net, input, weight=weight, bias=bias, eps=node.number("epsilon"))


@from_onnx("InstanceNormalization")
def onnx_instance_normalization(
    net: Builder, input: Value, scale: Operand, B: Operand, *, epsilon: float = 1e-5, consumed_inputs: object = None
) -> Value:
    return instance_norm(net, input, weight=scale, bias=B, eps=epsilon)

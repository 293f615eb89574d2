"""Hard sigmoid: a line between 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..elementwise.power import Power
from .clip import Clip


@layer("HardSigmoid")
class HardSigmoid(Layer):
    """y = min(max(x + 3, 0), 6) / 6."""

    elementwise = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Hardsigmoid()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("HardSigmoid", {0: 1 / 6, 1: 0.5})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        clipped = net.add(Clip(0.0, 6.0), net.add(Power(shift=3.0), x, name="shift"), name="clip")
        return net.add(Power(scale=1 / 6), clipped)


@from_torch("torch.nn.functional.hardsigmoid", "torch._C._nn.hardsigmoid", "torch._C._nn.hardsigmoid_")
def hardsigmoid(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(HardSigmoid(), input)


@from_ir("HardSigmoid")
def ir_hard_sigmoid(net: Builder, node: IrOperator, input: Value) -> Value:
    """Keras': its slope is 0.2, that of PyTorch's 1/6."""
    return net.add(Clip(0.0, 1.0), net.add(Power(scale=0.2, shift=0.5), input, name="line"))


@from_onnx("HardSigmoid")
def onnx_hard_sigmoid(net: Builder, X: Value, *, alpha: float = 0.2, beta: float = 0.5) -> Value:
    """PyTorch's for the slope 1/6, else a line between 0 and 1."""
    if beta == 0.5 and abs(alpha - 1 / 6) < 1e-6:
        return net.add(HardSigmoid(), X)
    return net.add(Clip(0.0, 1.0), net.add(Power(scale=alpha, shift=beta), X, name="line"))

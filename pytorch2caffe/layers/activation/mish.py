"""Mish: the input times the tanh of its softplus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Layer, Source, from_torch, layer
from ..elementwise.eltwise import Eltwise
from .bnll import BNLL
from .tanh import TanH


@layer("Mish")
class Mish(Layer):
    """y = x * tanh(log(1 + exp(x)))."""

    elementwise = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Mish()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("Mish")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        return net.add(Eltwise("PROD"), x, net.add(TanH(), net.add(BNLL(), x, name="softplus"), name="gate"))


@from_onnx_alike("Mish")
@from_torch("torch.nn.functional.mish", "torch._C._nn.mish", "torch._C._nn.mish_")
def mish(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(Mish(), input)

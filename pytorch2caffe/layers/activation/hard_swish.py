"""Hard swish: the input times its hard sigmoid."""

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
from .hard_sigmoid import HardSigmoid


@layer("HardSwish")
class HardSwish(Layer):
    """y = x * min(max(x + 3, 0), 6) / 6."""

    elementwise = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Hardswish()")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("HardSwish", {0: 1 / 6, 1: 0.5})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        return net.add(Eltwise("PROD"), x, net.add(HardSigmoid(), x, name="gate"))


@from_onnx_alike("HardSwish")
@from_torch("torch.nn.functional.hardswish", "torch._C._nn.hardswish", "torch._C._nn.hardswish_")
def hardswish(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(HardSwish(), input)

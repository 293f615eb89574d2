"""SiLU, which is Swish with beta 1."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .swish import Swish


@from_torch("torch.nn.functional.silu", "torch._C._nn.silu", "torch._C._nn.silu_")
def silu(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(Swish(), input)

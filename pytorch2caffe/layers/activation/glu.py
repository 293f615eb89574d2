"""GLU, the gated linear unit."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..elementwise.eltwise import Eltwise
from ..shape.slice import slice_at
from .sigmoid import Sigmoid


@from_torch("torch.nn.functional.glu", "torch._C._nn.glu")
def glu(net: Builder, input: Value, dim: int = -1) -> Value:
    """The first half times the sigmoid of the second."""
    dim %= len(input.shape)
    value, gate = slice_at(net, input, dim, [input.shape[dim] // 2], name="half")
    return net.add(Eltwise("PROD"), value, net.add(Sigmoid(), gate, name="gate"))

"""Randomized leaky ReLU, as it is at inference."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .relu import ReLU


@from_torch("torch.nn.functional.rrelu", "torch.rrelu", "torch.rrelu_")
def rrelu(
    net: Builder,
    input: Value,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Value:
    """At inference the slope is the mean of lower and upper."""
    if training:
        raise Refused("rrelu with training=True is random", "pass training=self.training")
    return net.add(ReLU((lower + upper) / 2), input)

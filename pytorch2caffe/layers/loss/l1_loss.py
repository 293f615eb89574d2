"""The absolute difference."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.absval import AbsVal
from .loss_reduction import difference, reduced


@from_torch("torch.nn.functional.l1_loss", "torch._C._nn.l1_loss")
def l1_loss(
    net: Builder,
    input: Operand,
    target: Operand,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Operand | None = None,
) -> Value:
    x = net.add(AbsVal(), difference(net, input, target), name="apart")
    return reduced(net, x, reduction, weight, size_average, reduce)

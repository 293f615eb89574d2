"""The squared difference."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from .loss_reduction import difference, reduced


@from_torch("torch.nn.functional.mse_loss", "torch._C._nn.mse_loss")
def mse_loss(
    net: Builder,
    input: Operand,
    target: Operand,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Operand | None = None,
) -> Value:
    x = net.add(Power(power=2.0), difference(net, input, target), name="square")
    return reduced(net, x, reduction, weight, size_average, reduce)

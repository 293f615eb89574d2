"""The smooth L1 loss."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.power import Power
from .huber_loss import huber_loss
from .l1_loss import l1_loss
from .loss_reduction import reduced


@from_torch("torch.nn.functional.smooth_l1_loss", "torch._C._nn.smooth_l1_loss")
def smooth_l1_loss(
    net: Builder,
    input: Operand,
    target: Operand,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Value:
    """The Huber loss divided by beta; the absolute difference if beta is 0."""
    if beta == 0:
        return l1_loss(net, input, target, size_average, reduce, reduction)
    x = net.add(Power(scale=1 / beta), huber_loss(net, input, target, "none", beta), name="over_beta")
    return reduced(net, x, reduction, None, size_average, reduce)

"""The Huber loss."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..activation.clip import clip
from ..elementwise.absval import AbsVal
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power
from .loss_reduction import difference, reduced


@from_torch("torch.nn.functional.huber_loss", "torch._C._nn.huber_loss")
def huber_loss(
    net: Builder,
    input: Operand,
    target: Operand,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Operand | None = None,
) -> Value:
    """c (d - c / 2), with d = |x - y| and c = min(d, delta)."""
    if delta <= 0:
        raise Refused(f"huber_loss with delta={delta}", "use a positive delta")
    distance = net.add(AbsVal(), difference(net, input, target), name="apart")
    clipped = clip(net, distance, None, delta)
    rest = arithmetic(net, "sub", distance, net.add(Power(scale=0.5), clipped, name="half"))
    return reduced(net, arithmetic(net, "mul", clipped, rest), reduction, weight)

"""softshrink: moves the input towards zero by lambda."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from .hardshrink import hardshrink
from .relu import ReLU


@from_torch("torch.nn.functional.softshrink", "torch._C._nn.softshrink")
def softshrink(net: Builder, input: Value, lambd: float = 0.5) -> Value:
    """ReLU(x - lambda) - ReLU(-x - lambda)."""
    above = net.add(ReLU(), net.add(Power(shift=-float(lambd)), input, name="shift"), name="above")
    below = net.add(ReLU(), net.add(Power(scale=-1.0, shift=-float(lambd)), input, name="mirror"), name="below")
    return net.add(Eltwise("SUM", (1.0, -1.0)), above, below)


@from_onnx("Shrink")
def onnx_shrink(net: Builder, input: Value, *, bias: float = 0.0, lambd: float = 0.5) -> Value:
    """0 within lambd of 0; bias is subtracted from what is above, and added to what is below."""
    if bias == lambd:
        return softshrink(net, input, lambd)
    if bias == 0:
        return hardshrink(net, input, lambd)
    raise Refused(f"Shrink with bias {bias:g} and lambd {lambd:g}", "use a bias of 0 or of lambd")

"""ONNX's Shrink, which is a soft or a hard shrinkage."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx
from .hardshrink import hardshrink
from .softshrink import softshrink


@from_onnx("Shrink")
def onnx_shrink(net: Builder, input: Value, *, bias: float = 0.0, lambd: float = 0.5) -> Value:
    """0 within lambd of 0; bias is subtracted from what is above, and added to what is below."""
    if bias == lambd:
        return softshrink(net, input, lambd)
    if bias == 0:
        return hardshrink(net, input, lambd)
    raise Refused(f"Shrink with bias {bias:g} and lambd {lambd:g}", "use a bias of 0 or of lambd")

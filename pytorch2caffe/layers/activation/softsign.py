"""Softsign."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir_alike, from_torch
from ..elementwise.absval import AbsVal
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power


@from_onnx_alike("Softsign")
@from_ir_alike("Softsign")
@from_torch("torch.nn.functional.softsign")
def softsign(net: Builder, input: Value) -> Value:
    """x / (1 + |x|)."""
    size = net.add(AbsVal(), input, name="abs")
    return net.add(Eltwise("PROD"), input, net.add(Power(power=-1.0, shift=1.0), size, name="inverse"))

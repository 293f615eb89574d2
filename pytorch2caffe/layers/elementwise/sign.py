"""The sign of each element."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_torch
from ..activation.threshold import Threshold
from .eltwise import Eltwise
from .power import Power


@from_onnx_alike("Sign")
@from_torch("torch.sign", "torch.Tensor.sign", "torch.sgn", "torch.Tensor.sgn")
def sign(net: Builder, input: Value) -> Value:
    """[x > 0] - [-x > 0]."""
    above = net.add(Threshold(), input, name="above")
    below = net.add(Threshold(), net.add(Power(scale=-1.0), input, name="minus"), name="below")
    return net.add(Eltwise("SUM", (1.0, -1.0)), above, below)

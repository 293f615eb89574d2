"""Fake quantization, of models prepared for quantization-aware training: refused while it is on."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch

OFF = "model.apply(torch.ao.quantization.disable_fake_quant).apply(torch.ao.quantization.disable_observer)"


@from_torch("torch.fake_quantize_per_tensor_affine", "torch.fake_quantize_per_channel_affine")
def fake_quantize(net: Builder, input: Value, *settings: object) -> Value:
    """Raises Refused: it rounds each number to a multiple of the scale."""
    raise Refused("fake quantization is on: it rounds activations, and no Caffe layer rounds", f"turn it off: {OFF}")

"""Radians as degrees."""

from __future__ import annotations

from math import pi

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .power import Power


@from_torch("torch.rad2deg", "torch.Tensor.rad2deg")
def rad2deg(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=180 / pi), input)

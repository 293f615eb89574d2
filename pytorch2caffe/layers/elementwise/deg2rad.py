"""Degrees as radians."""

from __future__ import annotations

from math import pi

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .power import Power


@from_torch("torch.deg2rad", "torch.Tensor.deg2rad")
def deg2rad(net: Builder, input: Value) -> Value:
    return net.add(Power(scale=pi / 180), input)

"""The cumulative distribution function of the normal distribution."""

from __future__ import annotations

from math import sqrt

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from .erf import Erf
from .power import Power


@from_torch("torch.special.ndtr")
def ndtr(net: Builder, input: Value) -> Value:
    """Phi(x) = (1 + erf(x / sqrt 2)) / 2."""
    half = net.add(Erf(), net.add(Power(scale=1 / sqrt(2)), input, name="scaled"), name="erf")
    return net.add(Power(scale=0.5, shift=0.5), half)

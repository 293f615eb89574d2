"""Divisions by a number that give an integer, or what is left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ..activation.threshold import Threshold
from ..shape.expand import expand_to
from .absval import AbsVal
from .eltwise import Eltwise
from .power import Power
from .rounding import DIFFERENCE, Rounding


class _Division(NamedTuple):
    """x = divisor * nearest + rest, |rest| <= |divisor| / 2.

    below: 1 where floor(x / divisor) is nearest - 1, 0 where it is nearest.
    """

    nearest: Value
    rest: Value
    below: Value


def _divide(net: Builder, x: Value, divisor: float) -> _Division:
    """Exact for |x / divisor| <= 4096, and for an integer divisor up to 4096 for |x| <= 2^24.

    The divisor is the sum of two numbers of few bits, so that their products with the quotient are exact.
    """
    quotient = net.add(Power(scale=1 / divisor), x, name="quotient")
    nearest = net.add(Rounding("round"), quotient, name="nearest")
    rest = x
    for part in _parts(divisor):
        rest = net.add(Eltwise("SUM", (1.0, -part)), rest, nearest, name="rest")
    opposite = net.add(Power(scale=-1.0), rest, name="minus") if divisor > 0 else rest
    return _Division(nearest, rest, net.add(Threshold(), opposite, name="below"))


def _parts(number: float) -> list[float]:
    """The first twelve bits of a float32, and the other twelve, if there are any.

    >>> _parts(3.0), _parts(4097.0)
    ([3.0], [4096.0, 1.0])
    """
    first = float((np.array(number, np.float32).view(np.uint32) & np.uint32(0xFFFFF000)).view(np.float32))
    rest = float(np.float32(number)) - first
    return [first, rest] if rest else [first]


def operands(net: Builder, name: str, input: Term, other: Term) -> tuple[Value, float]:
    """The traced input and the divisor. Raises Refused for a divisor that is not one number, or that is 0."""
    if not isinstance(input, Value) or isinstance(other, Value) or np.size(other) != 1:
        what = f"{name} by a tensor: Caffe has no exact division, and the nearest integer of an inexact one may differ"
        raise Refused(what, "divide by one number, or divide without rounding")
    divisor = float(np.reshape(other, ()))
    if divisor == 0 or not np.isfinite(divisor):
        raise Refused(f"{name} by {divisor}", "divide by a number that is neither 0 nor infinite")
    return expand_to(net, input, np.broadcast_shapes(input.shape, np.shape(other))), divisor


def quotient(net: Builder, name: str, input: Term, other: Term, mode: str) -> Value:
    """input / other, rounded: mode floor or trunc. name: the torch function, for messages."""
    x, divisor = operands(net, name, input, other)
    if mode == "trunc" and net.bounds.of(x)[0] < 0:
        size = _floor_divide(net, net.add(AbsVal(), x, name="abs"), abs(divisor))
        return net.add(Eltwise("PROD"), size, sign_times(net, x, np.sign(divisor)))
    if mode == "trunc" and divisor < 0:
        return net.add(Power(scale=-1.0), _floor_divide(net, x, -divisor))
    return _floor_divide(net, x, divisor)


def _floor_divide(net: Builder, x: Value, divisor: float) -> Value:
    division = _divide(net, x, divisor)
    result: Value = net.add(DIFFERENCE, division.nearest, division.below, name="floor")
    low, high = sorted(float(np.floor(bound / divisor)) for bound in net.bounds.of(x))
    net.bounds.declare_integers(result, (low, high))
    return result


def sign_times(net: Builder, x: Value, factor: float) -> Value:
    """factor where x > 0, else -factor."""
    return net.add(Power(scale=2.0 * factor, shift=-factor), net.add(Threshold(), x, name="positive"), name="sign")


def modulo(net: Builder, x: Value, divisor: float) -> Value:
    """x - floor(x / divisor) * divisor."""
    division = _divide(net, x, divisor)
    result: Value = net.add(Eltwise("SUM", (1.0, divisor)), division.rest, division.below)
    if divisor.is_integer() and net.bounds.are_integers(x):
        net.bounds.declare_integers(result, (0.0, divisor - 1) if divisor > 0 else (divisor + 1, 0.0))
    return result

"""What the losses share: the difference of input and target, and its reduction."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ..elementwise.arithmetic import arithmetic
from ..reduction.reduce import reduce


def reduced(
    net: Builder,
    x: Value,
    reduction: str,
    weight: Operand | None = None,
    size_average: bool | None = None,
    reduce_elements: bool | None = None,
) -> Value:
    """`x` itself for reduction "none", else its mean or sum. Raises Refused for the other arguments of a loss."""
    if weight is not None or size_average is not None or reduce_elements is not None:
        raise Refused("a loss with weight, size_average or reduce", "pass reduction only, and apply weights before it")
    return x if reduction == "none" else reduce(net, reduction, x, None, False)


def difference(net: Builder, input: Operand, target: Operand) -> Value:
    """input - target, where either may be constant."""
    minuend = input if isinstance(input, Value) else net.constant(input)
    return arithmetic(net, "sub", minuend, target)

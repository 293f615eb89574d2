"""torch.cdist: the distances of all pairs of rows."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..reduction.norm import norm_of
from ..shape.reshape import reshape_to


@from_torch("torch.cdist", "torch.functional.cdist")
def cdist(
    net: Builder, x1: Operand, x2: Operand, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Value:
    """The length of each row of x1 less each of x2."""
    if p != 2:
        raise Refused(f"cdist with p={p}", "use p=2")
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (x1, x2))
    rows = reshape_to(net, a, (*a.shape[:-1], 1, a.shape[-1]), "rows")
    columns = reshape_to(net, b, (*b.shape[:-2], 1, *b.shape[-2:]), "columns")
    apart = arithmetic(net, "sub", rows, columns)
    return norm_of(net, apart, (len(apart.shape) - 1,), False)

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
    """The distances of each row of x1 [..., P, M] from each row of x2 [..., R, M]: [..., P, R]."""
    if p != 2:
        raise Refused(f"cdist with p={p}", "use p=2")
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (x1, x2))
    rows = reshape_to(net, a, (*a.shape[:-1], 1, a.shape[-1]), "rows")
    columns = reshape_to(net, b, (*b.shape[:-2], 1, *b.shape[-2:]), "columns")
    difference = arithmetic(net, "sub", rows, columns)
    return norm_of(net, difference, (len(difference.shape) - 1,), False)

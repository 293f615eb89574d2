"""torch.einsum of one or two tensors, as reductions, permutations and one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch, unpacked
from ..reduction.reduce import reduce
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .matmul import matrix_product


@from_torch("torch.einsum", "torch.functional.einsum")
def einsum(net: Builder, equation: str, *operands: Operand | Sequence[Operand]) -> Value:
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        out = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
    if "." in equation or any(len(set(t)) < len(t) for t in terms) or len(terms) > 2:
        raise Refused(f"einsum {equation!r}", "use at most two tensors, and neither ... nor a repeated index in one")
    values = [x if isinstance(x, Value) else net.constant(np.asarray(x)) for x in unpacked(operands)]
    if len(terms) == 1:
        y, subscripts = _summed(net, values[0], terms[0], out)
        return _ordered(net, y, subscripts, out)
    a, ta = _summed(net, values[0], terms[0], terms[1] + out)
    b, tb = _summed(net, values[1], terms[1], terms[0] + out)
    batch = [c for c in ta if c in tb and c in out]
    inner = [c for c in ta if c in tb and c not in out]
    rows, columns = [c for c in ta if c not in tb], [c for c in tb if c not in ta]
    sizes = dict(zip(ta + tb, (*a.shape, *b.shape), strict=True))
    count = [prod(sizes[c] for c in part) for part in (batch, rows, inner, columns)]
    a = reshape_to(net, _ordered(net, a, ta, batch + rows + inner), (count[0], count[1], count[2]))
    b = reshape_to(net, _ordered(net, b, tb, batch + inner + columns), (count[0], count[2], count[3]))
    y = reshape_to(net, matrix_product(net, a, b), [sizes[c] for c in batch + rows + columns])
    return _ordered(net, y, "".join(batch + rows + columns), out)


def _summed(net: Builder, x: Value, term: str, wanted: str) -> tuple[Value, str]:
    """`x` summed over the axes that are not in `wanted`, and the subscripts of the remaining axes."""
    dims = [i for i, c in enumerate(term) if c not in wanted]
    subscripts = "".join(c for c in term if c in wanted)
    return (reduce(net, "sum", x, dims, False) if dims else x), subscripts


def _ordered(net: Builder, x: Value, have: str, want: Sequence[str]) -> Value:
    """`x`, whose axes have the subscripts `have`, with its axes in the order `want`."""
    return permute_to(net, x, [have.index(c) for c in want]) if list(have) != list(want) else x

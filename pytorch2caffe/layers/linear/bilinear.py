"""Products of each row with each other: F.bilinear, outer products, tensordot, distances of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..reduction.norm import norm_of
from ..reduction.reduce import reduce
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .linear_map import linear_map
from .matmul import matrix_product


@from_torch("torch.nn.functional.bilinear", "torch.bilinear")
def bilinear(net: Builder, input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None) -> Any:
    """y[k] = a^T W[k] b + bias[k]: all W[k] a at once, times b, summed up. weight: [out, in1, in2]."""
    if isinstance(weight, Value) or isinstance(bias, Value):
        raise Refused("bilinear with weights that depend on the input", "use weights that are parameters")
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (input1, input2))
    out, _, size = weight.shape
    matrix = weight.transpose(0, 2, 1).reshape(out * size, -1)
    rows = reshape_to(net, linear_map(net, a, -1, matrix, name="rows"), (*a.shape[:-1], out, size), "each")
    products = arithmetic(net, "mul", rows, reshape_to(net, b, (*b.shape[:-1], 1, size), "other"))
    y = reduce(net, "sum", products, -1, False)
    return y if bias is None else arithmetic(net, "add", y, bias)


@from_torch("torch.outer", "torch.Tensor.outer", "torch.ger", "torch.Tensor.ger")
def outer(net: Builder, input: Value, vec2: Operand) -> Any:
    return arithmetic(net, "mul", *(_shaped(net, x, shape) for x, shape in ((input, (-1, 1)), (vec2, (1, -1)))))


def _shaped(net: Builder, x: Value, shape: Sequence[int]) -> Any:
    size = prod(x.shape)
    shape = [size // abs(prod(shape)) if s == -1 else s for s in shape]
    return reshape_to(net, x, shape, "axes") if isinstance(x, Value) else np.reshape(x, shape)


@from_torch("torch.tensordot", "torch.functional.tensordot")
def tensordot(net: Builder, a: Any, b: Any, dims: int = 2) -> Any:
    """One matrix product: what is summed up last in a, first in b."""
    if isinstance(dims, int):
        dims = range(len(a.shape) - dims, len(a.shape)), range(dims)
    own, other = ([int(d) % len(x.shape) for d in part] for x, part in zip((a, b), dims, strict=True))
    rows = [i for i in range(len(a.shape)) if i not in own]
    columns = [i for i in range(len(b.shape)) if i not in other]
    shape = [a.shape[i] for i in rows] + [b.shape[i] for i in columns]
    inner = prod(a.shape[i] for i in own)
    left = _shaped(net, permute_to(net, a, rows + own), (-1, inner))
    right = _shaped(net, permute_to(net, b, other + columns), (inner, -1))
    return reshape_to(net, matrix_product(net, left, right), shape)


@from_torch("torch.cdist", "torch.functional.cdist")
def cdist(
    net: Builder, x1: Operand, x2: Operand, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Any:
    """The length of each row of x1 less each of x2."""
    if p != 2:
        raise Refused(f"cdist with p={p}", "use p=2")
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (x1, x2))
    rows = reshape_to(net, a, (*a.shape[:-1], 1, a.shape[-1]), "rows")
    columns = reshape_to(net, b, (*b.shape[:-2], 1, *b.shape[-2:]), "columns")
    apart = arithmetic(net, "sub", rows, columns)
    return norm_of(net, apart, (len(apart.shape) - 1,), False)

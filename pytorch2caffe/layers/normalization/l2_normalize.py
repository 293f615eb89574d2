"""L2 normalisation along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, axes_of, from_torch, layer, number
from ..activation.clip import clip
from ..elementwise.absval import AbsVal
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from ..reduction.reduce import Reduce


@layer("L2Normalize")
class L2Normalize(Layer):
    """y = x / max(sqrt(sum of x^2 along dim), eps)."""

    dim: int = 1
    eps: float = 1e-12

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.normalize({{0}}, dim={self.dim}, eps={number(self.eps)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Of three axes ncnn normalises the channels; eps is the least norm (9=1)."""
        one_sample(shapes[0])
        if self.dim % 4 != 1:
            raise Refused(f"ncnn's Normalize works along the channels, not axis {self.dim}")
        return Ncnn("Normalize", {0: 0, 1: 1, 2: self.eps, 3: 1, 4: 1, 9: 1}, (np.ones(1, np.float32),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        norm = norm_of(net, x, (self.dim,), True)
        return net.add(Binary("div"), x, clip(net, norm, self.eps, None))


def norm_of(net: Builder, x: Value, dims: Sequence[int], keepdim: bool, p: float = 2.0) -> Any:
    """(sum of |x|^p over dims)^(1/p); the largest |x| for inf, the least for -inf."""
    if p in (inf, -inf):
        size = net.add(AbsVal(), x, name="size")
        return net.add(Reduce("max" if p > 0 else "min", dims, keepdim), size, name="norm") if dims else size
    if not isinstance(p, (int, float)) or not p > 0:
        raise Refused(f"a norm of order {p}", "use a positive order, or inf")
    total = x if p == 2 else net.add(AbsVal(), x, name="size")
    total = total if p == 1 else net.add(Power(power=float(p)), total, name="square" if p == 2 else "power")
    total = net.add(Reduce("sum", dims, keepdim), total, name="sum") if dims else total
    return total if p == 1 else net.add(Power(power=1 / p), total, name="norm")


@from_torch("torch.nn.functional.normalize")
def normalize(net: Builder, input: Value, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    if not input.shape:
        raise Refused("normalize of one number", "give it an axis: x.reshape(1)")
    if p == 2 and isinstance(dim, int):
        return net.add(L2Normalize(dim % len(input.shape), eps), input)
    length = norm_of(net, input, axes_of(dim, len(input.shape)), True, p)
    return net.add(Binary("div"), input, clip(net, length, eps, None))


@from_torch("torch.norm", "torch.Tensor.norm", "torch.functional.norm")
def norm(
    net: Builder,
    input: Value,
    p: float = "fro",
    dim: Any = None,
    keepdim: bool = False,
    out: Any = None,
    dtype: Any = None,
) -> Any:
    order = 2.0 if p in ("fro", None) else p
    return norm_of(net, input, axes_of(dim, len(input.shape)), bool(keepdim), order)


@from_torch("torch.linalg.vector_norm")
def vector_norm(
    net: Builder, x: Value, ord: int = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    return norm(net, x, ord, dim, keepdim)


@from_torch("torch.linalg.norm")
def linalg_norm(
    net: Builder,
    input: Value,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    out: Any = None,
    dtype: Any = None,
) -> Any:
    """Of two axes and an order, a matrix norm; without an order, the root of the sum of squares."""
    count = len(input.shape) if dim is None else len(dim) if isinstance(dim, (tuple, list)) else 1
    if ord not in (None, "fro") and count == 2:
        raise Refused(f"a matrix's norm of order {ord}", "use torch.linalg.vector_norm for that of its numbers")
    return norm(net, input, ord, dim, keepdim)

"""Mean, sum, maximum and minimum over axes."""

from __future__ import annotations

from math import prod

from ..errors import Refused
from ..graph import Value
from ..registry import Layer, Source, axes_of, from_torch, layer
from .pooling import Pooling
from .power import Power
from .reshape import reshape_to

TORCH = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}
MOST_AT_ONCE = 1 << 12  # Caffe adds up one by one in float32: beyond, rows first, and then their sums


@layer("Reduce")
class Reduce(Layer):
    """operation (mean, sum, max, min) over the axes dims; they stay with size 1 if keepdim."""

    operation: str
    dims: tuple[int, ...]
    keepdim: bool = False

    def to_torch(self, shapes, blobs):
        keep = ", keepdim=True" if self.keepdim else ""
        return Source(expr=f"{{0}}.{TORCH[self.operation]}({self.dims}{keep})")

    def lower(self, net, inputs, blobs):
        """One Pooling over each run of neighbouring axes, seen as the height of a picture."""
        (x,) = inputs
        shape = [1 if i in self.dims else d for i, d in enumerate(x.shape)]
        kept = shape if self.keepdim else [d for i, d in enumerate(x.shape) if i not in self.dims]
        count = prod(x.shape[i] for i in self.dims)
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="minus")
        for start, stop in _runs(self.dims):
            x = _pool(net, x, start, stop, "MAX" if self.operation in ("max", "min") else "AVE")
        if self.operation == "min":
            x = net.add(Power(scale=-1.0), x, name="min")
        if self.operation == "sum":
            x = net.add(Power(scale=float(count)), x, name="sum")
        return reshape_to(net, x, kept, "reduced")


def _runs(dims):
    """Neighbouring axes together, the last run first: (1, 2, 4) -> [(4, 5), (1, 3)]."""
    runs = []
    for dim in sorted(dims):
        if runs and runs[-1][1] == dim:
            runs[-1][1] = dim + 1
        else:
            runs.append([dim, dim + 1])
    return runs[::-1]


def _pool(net, x, start, stop, method):
    shape = x.shape
    after = [1] * (stop - start) + list(shape[stop:])
    if len(shape) == 4 and start == 2 and stop == 4 and shape[2] * shape[3] > MOST_AT_ONCE:
        return _pool(net, _pool(net, x, 3, 4, method), 2, 3, method)
    if len(shape) == 4 and start >= 2:
        return net.add(Pooling(method, *(s if start <= i < stop else 1 for i, s in enumerate(shape) if i > 1)), x,
                       name="pool")  # fmt: skip
    middle = prod(shape[1:start]) if start else 1
    first = shape[0] if start else 1
    flat = reshape_to(net, x, (first, middle, prod(shape[start:stop]), prod(shape[stop:])), "flat")
    pooled = net.add(Pooling(method, flat.shape[2], 1), flat, name="pool")
    return reshape_to(net, pooled, (*shape[:start], *after), "pooled")


def reduce(net, operation, input, dim, keepdim):
    """A Reduce over dim: an axis, several, or None or () for all."""
    dims = axes_of(dim, len(input.shape))
    return net.add(Reduce(operation, dims, bool(keepdim)), input) if dims else input


@from_torch("torch.mean", "torch.Tensor.mean")
def mean(net, input, dim=None, keepdim=False, *, dtype=None):
    return reduce(net, "mean", input, dim, keepdim)


@from_torch("torch.sum", "torch.Tensor.sum")
def sum(net, input, dim=None, keepdim=False, *, dtype=None):
    return reduce(net, "sum", input, dim, keepdim)


@from_torch("torch.amax", "torch.Tensor.amax")
def amax(net, input, dim=(), keepdim=False):
    return reduce(net, "max", input, dim, keepdim)


@from_torch("torch.amin", "torch.Tensor.amin")
def amin(net, input, dim=(), keepdim=False):
    return reduce(net, "min", input, dim, keepdim)


def _extreme(net, operation, input, dim, keepdim):
    """torch.max's three forms: of two tensors, of a whole tensor, along an axis (values, and indices not traced)."""
    if isinstance(dim, int) and not isinstance(dim, bool):
        return [reduce(net, operation, input, dim, keepdim), None]
    if dim is None:
        return reduce(net, operation, input, None, False)
    if not isinstance(dim, Value) and not hasattr(dim, "shape"):
        raise Refused(f"{operation} with {type(dim).__name__}", "give an axis or a second tensor")
    from .binary import arithmetic

    return arithmetic(net, operation, input, dim)


@from_torch("torch.max", "torch.Tensor.max")
def max(net, input, dim=None, keepdim=False, *, other=None):
    return _extreme(net, "max", input, dim if other is None else other, keepdim)


@from_torch("torch.min", "torch.Tensor.min")
def min(net, input, dim=None, keepdim=False, *, other=None):
    return _extreme(net, "min", input, dim if other is None else other, keepdim)

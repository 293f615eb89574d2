"""L2 normalisation along an axis."""

from __future__ import annotations

from ..errors import Refused
from ..registry import Layer, Source, axes_of, from_torch, layer, number
from .binary import Binary
from .clip import clip
from .power import Power
from .reduce import Reduce


@layer("L2Normalize")
class L2Normalize(Layer):
    """y = x / max(sqrt(sum of x^2 along dim), eps)."""

    dim: int = 1
    eps: float = 1e-12

    def to_torch(self, shapes, blobs):
        return Source(expr=f"F.normalize({{0}}, dim={self.dim}, eps={number(self.eps)})")

    def lower(self, net, inputs, blobs):
        (x,) = inputs
        norm = norm_of(net, x, (self.dim,), True)
        return net.add(Binary("div"), x, clip(net, norm, self.eps, None))


def norm_of(net, x, dims, keepdim):
    """sqrt(sum of x^2 over dims)."""
    total = net.add(Power(power=2.0), x, name="square")
    total = net.add(Reduce("sum", dims, keepdim), total, name="sum") if dims else total
    return net.add(Power(power=0.5), total, name="norm")


@from_torch("torch.nn.functional.normalize")
def normalize(net, input, p=2.0, dim=1, eps=1e-12, out=None):
    if p != 2 or not isinstance(dim, int):
        raise Refused(f"normalize with p={p}, dim={dim}", "use p=2 along one axis")
    if not input.shape:
        raise Refused("normalize of one number", "give it an axis: x.reshape(1)")
    return net.add(L2Normalize(dim % len(input.shape), eps), input)


@from_torch("torch.norm", "torch.Tensor.norm", "torch.functional.norm")
def norm(net, input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    if p not in (2, 2.0, "fro", None):
        raise Refused(f"a norm of order {p}", "use p=2")
    return norm_of(net, input, axes_of(dim, len(input.shape)), bool(keepdim))


@from_torch("torch.linalg.vector_norm")
def vector_norm(net, x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    return norm(net, x, ord, dim, keepdim)


@from_torch("torch.linalg.norm")
def linalg_norm(net, input, ord=None, dim=None, keepdim=False, *, out=None, dtype=None):
    """Of two axes and an order, a matrix norm; without an order, the root of the sum of squares."""
    count = len(input.shape) if dim is None else len(dim) if isinstance(dim, (tuple, list)) else 1
    if ord == 2 and count == 2:
        raise Refused("a matrix's norm of order 2", "use torch.linalg.vector_norm for the root of the sum of squares")
    return norm(net, input, ord, dim, keepdim)

"""The cosine of the angle between vectors."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import axes_of, from_torch
from ..activation.clip import clip
from ..reduction.norm import norm_of
from ..reduction.reduce import Reduce
from ..shape.expand import expand_to
from .arithmetic import arithmetic


@from_torch("torch.cosine_similarity", "torch.nn.functional.cosine_similarity")
def cosine_similarity(net: Builder, x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Value:
    """The sum of x1 x2 along dim divided by the product of the norms along dim, each at least eps."""
    product = arithmetic(net, "mul", x1, x2)
    axes = axes_of(dim, len(product.shape))
    lengths = []
    for operand in (x1, x2):
        x = operand if isinstance(operand, Value) else net.constant(operand)
        own = [axis - len(product.shape) + len(x.shape) for axis in axes]
        # broadcast only where that makes the sum longer
        if any(a < 0 or x.shape[a] != product.shape[axis] for a, axis in zip(own, axes, strict=True)):
            x, own = expand_to(net, x, product.shape), list(axes)
        lengths.append(clip(net, norm_of(net, x, tuple(own), False), eps, None))
    dot = net.add(Reduce("sum", axes), product, name="dot") if axes else product
    return arithmetic(net, "div", dot, arithmetic(net, "mul", *lengths))

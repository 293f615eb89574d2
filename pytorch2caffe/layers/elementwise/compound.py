"""Functions of two or three tensors that PyTorch has a word for, made of the arithmetic."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import axes_of, from_torch
from ..activation.clip import clip
from ..normalization.l2_normalize import norm_of
from ..reduction.reduce import Reduce
from ..shape.expand import expand_to
from .arithmetic import arithmetic
from .power import Power


def _scaled(net: Builder, x: Value, factor: Any) -> Any:
    return x if factor == 1 else arithmetic(net, "mul", x, factor)


@from_torch("torch.addcmul", "torch.Tensor.addcmul")
def addcmul(net: Builder, input: Value, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Any:
    return _plus(net, input, "mul", tensor1, tensor2, value)


@from_torch("torch.addcdiv", "torch.Tensor.addcdiv")
def addcdiv(net: Builder, input: Value, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Any:
    return _plus(net, input, "div", tensor1, tensor2, value)


def _plus(net: Builder, input: Value, operation: str, a: Value, b: Value, value: Any) -> Any:
    """Input + value * (a operation b), any of them constant."""
    both_constant = not (isinstance(a, Value) or isinstance(b, Value))
    if both_constant:
        return arithmetic(net, "add", input, (a * b if operation == "mul" else a / b) * value)
    return arithmetic(net, "add", _scaled(net, arithmetic(net, operation, a, b), value), input)


@from_torch("torch.lerp", "torch.Tensor.lerp")
def lerp(net: Builder, input: Value, end: Any, weight: Operand) -> Any:
    """Input + weight * (end - input)."""
    way = arithmetic(net, "mul", arithmetic(net, "sub", end, input), weight)
    return arithmetic(net, "add", way, input)


@from_torch("torch.hypot", "torch.Tensor.hypot")
def hypot(net: Builder, input: Value, other: Operand) -> Any:
    """sqrt(a^2 + b^2)."""
    squares = [net.add(Power(power=2.0), x) if isinstance(x, Value) else x * x for x in (input, other)]
    return net.add(Power(power=0.5), arithmetic(net, "add", *squares))


@from_torch("torch.cosine_similarity", "torch.nn.functional.cosine_similarity")
def cosine_similarity(net: Builder, x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Any:
    """Sum of x1 x2 along dim, over the product of their lengths, each at least eps."""
    product = arithmetic(net, "mul", x1, x2)
    axes = axes_of(dim, len(product.shape))
    lengths = []
    for x in (x1, x2):  # broadcast only where that makes the sum longer
        x = x if isinstance(x, Value) else net.constant(x)
        own = [axis - len(product.shape) + len(x.shape) for axis in axes]
        if any(a < 0 or x.shape[a] != product.shape[axis] for a, axis in zip(own, axes, strict=True)):
            x, own = expand_to(net, x, product.shape), axes
        lengths.append(clip(net, norm_of(net, x, tuple(own), False), eps, None))
    dot = net.add(Reduce("sum", axes), product, name="dot") if axes else product
    return arithmetic(net, "div", dot, arithmetic(net, "mul", *lengths))


@from_torch("torch.pairwise_distance", "torch.nn.functional.pairwise_distance")
def pairwise_distance(
    net: Builder, x1: Operand, x2: Operand, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """The length of x1 - x2 + eps along the last axis."""
    if p != 2:
        raise Refused(f"pairwise_distance with p={p}", "use p=2")
    apart = arithmetic(net, "add", arithmetic(net, "sub", x1, x2), float(eps))
    return norm_of(net, apart, (len(apart.shape) - 1,), keepdim)

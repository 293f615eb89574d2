"""The remainder: x % m."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Term, Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch
from .fmod import fmod as torch_fmod
from .integer_division import modulo, operands


@from_torch("torch.remainder", "torch.Tensor.remainder", "torch.Tensor.__mod__", "torch.Tensor.__imod__")
def remainder(net: Builder, input: Term, other: Term) -> Value:
    """What floor(input / other) * other leaves, with the sign of `other`."""
    return modulo(net, *operands(net, "remainder", input, other))


@from_torch("torch.Tensor.__rmod__")
def rmod(net: Builder, input: Term, other: Term) -> Value:
    return remainder(net, other, input)


@from_onnx("Mod")
def onnx_mod(net: Builder, A: Term, B: Term, *, fmod: int = 0) -> Value:
    """The remainder has the sign of B, or with fmod that of A."""
    return torch_fmod(net, A, B) if fmod else remainder(net, A, B)

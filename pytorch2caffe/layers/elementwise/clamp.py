"""torch.clamp, whose bounds are numbers or tensors."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch
from ..activation.clip import clip
from .arithmetic import arithmetic


@from_torch(
    "torch.clamp",
    "torch.clamp_",
    "torch.clip",
    "torch.clip_",
    "torch.Tensor.clamp",
    "torch.Tensor.clamp_",
    "torch.Tensor.clip",
    "torch.Tensor.clip_",
)
def clamp(net: Builder, input: Operand, min: Term | None = None, max: Term | None = None) -> Value:
    if not isinstance(input, Value):
        raise Refused("clamp of a constant to bounds that depend on the input", "use torch.minimum and torch.maximum")
    if _is_number(min) and _is_number(max):
        low, high = (None if bound is None else float(np.reshape(bound, ())) for bound in (min, max))
        return clip(net, input, low, high)
    x = input if min is None else arithmetic(net, "max", input, min)
    return x if max is None else arithmetic(net, "min", x, max)


def _is_number(bound: Term | None) -> TypeGuard[np.ndarray | float | None]:
    """Whether a bound is a number or absent, not a tensor."""
    return bound is None or not isinstance(bound, Value) and np.size(bound) == 1


@from_torch("torch.clamp_min", "torch.clamp_min_", "torch.Tensor.clamp_min", "torch.Tensor.clamp_min_")
def clamp_min(net: Builder, input: Operand, min: Term) -> Value:
    return clamp(net, input, min)


@from_torch("torch.clamp_max", "torch.clamp_max_", "torch.Tensor.clamp_max", "torch.Tensor.clamp_max_")
def clamp_max(net: Builder, input: Operand, max: Term) -> Value:
    return clamp(net, input, None, max)


@from_onnx("Clip")
def onnx_clip(net: Builder, input: Operand, min: Term | None = None, max: Term | None = None) -> Value:
    """Its bounds are attributes before opset 11, and inputs since."""
    if min is None and max is None:
        assert isinstance(input, Value)
        return input
    low, high = (None if bound is None or _is_open(bound) else bound for bound in (min, max))
    if low is None and high is None and isinstance(input, Value):
        return input
    return clamp(net, input, low, high)


def _is_open(bound: Term) -> bool:
    """Whether a bound is float32's greatest or least number, which bounds nothing."""
    return not isinstance(bound, Value) and np.size(bound) == 1 and abs(float(np.reshape(bound, ()))) >= 3.4e38

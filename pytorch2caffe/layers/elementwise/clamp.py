"""torch.clamp, its bounds numbers or tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
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
def clamp(net: Builder, input: Value, min: Any = None, max: Any = None) -> Any:
    if not isinstance(input, Value):
        raise Refused("clamp of a constant to bounds that depend on the input", "use torch.minimum and torch.maximum")
    if all(bound is None or np.size(bound) == 1 and not isinstance(bound, Value) for bound in (min, max)):
        return clip(net, input, *(None if b is None else float(np.reshape(b, ())) for b in (min, max)))
    x = input if min is None else arithmetic(net, "max", input, min)
    return x if max is None else arithmetic(net, "min", x, max)


@from_torch("torch.clamp_min", "torch.clamp_min_", "torch.Tensor.clamp_min", "torch.Tensor.clamp_min_")
def clamp_min(net: Builder, input: Value, min: Any) -> Any:
    return clamp(net, input, min)


@from_torch("torch.clamp_max", "torch.clamp_max_", "torch.Tensor.clamp_max", "torch.Tensor.clamp_max_")
def clamp_max(net: Builder, input: Value, max: Any) -> Any:
    return clamp(net, input, None, max)

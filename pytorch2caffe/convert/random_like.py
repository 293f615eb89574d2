"""Random inputs for a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any


def random_like(inputs: Any, shape_of: Callable[[Sequence[int]], Sequence[int]] = tuple) -> Any:
    """Random inputs of the same structure, types and range: a filter of pictures is not defined below 0.

    Uniform where none of the numbers is negative, else normal; of one number alone nothing follows for the range.
    shape_of: gives the shape for the shape of each tensor; the same unless given.
    """
    import torch

    if isinstance(inputs, torch.Tensor):
        shape = tuple(shape_of(inputs.shape))
        if inputs.is_floating_point():
            low, high = (float(each) for each in inputs.detach().aminmax())
            if 0 <= low < high < inf:
                return torch.rand(shape, dtype=torch.float32) * (high - low) + low
            normal = torch.randn(shape, dtype=torch.float32)
            return normal.clamp(low, high) if low < high else normal
        return torch.randint(0, max(int(inputs.max()), 1) + 1, shape, dtype=inputs.dtype)
    if isinstance(inputs, dict):
        return {key: random_like(item, shape_of) for key, item in inputs.items()}
    if isinstance(inputs, (tuple, list)):
        return type(inputs)(random_like(item, shape_of) for item in inputs)
    return inputs

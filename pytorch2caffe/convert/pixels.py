"""The model that takes pixels, which files with the preprocessing folded in are compared with."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..errors import ConversionError
from ..passes.fold_preprocessing import PixelInput


def taking_pixels(model: Callable[..., Any], inputs: list[PixelInput | None]) -> Callable[..., Any]:
    """The model after the preprocessing of its inputs, in their order; None: one that is no image.

    It shares the model's modules, so that they have the same names. Raises ConversionError if it is not a module.
    """
    if not isinstance(model, nn.Module):
        raise ConversionError("--fold-preprocessing needs a model that is an nn.Module")
    kind: Any = type(model)
    steps = [None if one is None else _Preprocessing(one) for one in inputs]

    @functools.wraps(kind.forward)
    def forward(self: Any, *tensors: torch.Tensor) -> Any:
        given = zip(tensors, [*steps, *[None] * len(tensors)], strict=False)
        return kind.forward(self, *(x if step is None else step(x) for x, step in given))

    wrapped = copy.copy(model)
    wrapped.__class__ = type(kind.__name__, (kind,), {"forward": forward, "__module__": kind.__module__})
    named = {f"pixels_{index}": step for index, step in enumerate(steps) if step is not None}
    wrapped._modules = {**model._modules, **named}  # so that its calls do not change the names of the model's own
    return wrapped


class _Preprocessing(nn.Module):
    def __init__(self, pixels: PixelInput) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flip(1) if self.pixels.reverse else x
        values = self.pixels.means, self.pixels.norms
        means, norms = (torch.tensor(value, dtype=x.dtype)[:, None, None] for value in values)
        return (x - means) * norms


def random_pixels(inputs: Any) -> Any:
    """Random pixels, 0 to 255, of the shapes of tensors."""
    if isinstance(inputs, torch.Tensor):
        return torch.randint(0, 256, inputs.shape).float()
    return type(inputs)(random_pixels(item) for item in inputs)

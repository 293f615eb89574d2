"""Inputs: the smallest picture that a network accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def picture(*shape: int, seed: int = 0) -> torch.Tensor:
    """Normal random numbers, always the same."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def smallest(model: nn.Module, shapes: Sequence[tuple[int, ...]]) -> tuple[torch.Tensor, ...]:
    """A picture of the first of these shapes, without the batch, that the network accepts; the last is not tried."""
    for shape in shapes[:-1]:
        x = picture(1, *shape)
        try:
            with torch.no_grad():
                model(x)
        except Exception:
            continue
        return (x,)
    return (picture(1, *shapes[-1]),)


def squares(channels: int, sides: Sequence[int]) -> list[tuple[int, ...]]:
    return [(channels, side, side) for side in sides]


def quiet(model: nn.Module) -> nn.Module:
    """In eval mode, without gradients."""
    return model.eval().requires_grad_(False)


class Called(nn.Module):
    """A network called with settings, or by another method than forward."""

    def __init__(self, network: nn.Module, method: str = "forward", **settings: Any) -> None:
        super().__init__()
        self.network, self.method, self.settings = network, method, settings

    def forward(self, *inputs: torch.Tensor) -> Any:
        return getattr(self.network, self.method)(*inputs, **self.settings)

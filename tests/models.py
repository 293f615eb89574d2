"""Small models for tests."""

from __future__ import annotations

import torch
from torch import nn

from tests.lively import make_lively


class Tiny(nn.Module):
    """A bit of everything that is lowered: pooling that rounds down, ReLU6, an SE block, a shared layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.gate = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())
        self.mix = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(nn.functional.relu6(self.bn(self.conv(x))))
        x = x * self.gate(x.mean((2, 3))).view(x.size(0), 8, 1, 1)
        x = self.mix(self.mix(x)) + x
        return self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))


def tiny() -> nn.Module:
    """Tiny with seeded weights."""
    torch.manual_seed(0)
    return make_lively(Tiny(), torch.randn(2, 3, 32, 32))

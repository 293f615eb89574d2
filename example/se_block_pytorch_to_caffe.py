"""Converts a module of your own with a squeeze-and-excitation block, whose gate becomes a Scale with two bottoms."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

import pytorch2caffe
from pytorch2caffe.layers.elementwise.scale import Scale


class SELayer(nn.Module):
    """Multiplies each channel of the input by a gate computed from the means of all channels."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: [N, C, H, W]; returns a tensor of the same shape."""
        n, c, _, _ = x.size()
        gate = self.fc(self.pool(x).view(n, c)).view(n, c, 1, 1)
        return x * gate


class Net(nn.Module):
    """A small classifier with an SE block."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.se = SELayer(16)
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: [N, 3, H, W]; returns class scores, [N, 10]."""
        x = self.se(torch.relu(self.conv(x)))
        return self.head(x.mean(dim=(2, 3)))


if __name__ == "__main__":
    Path("example-out").mkdir(exist_ok=True)
    files = "example-out/se.prototxt", "example-out/se.caffemodel"
    model = Net().eval()
    graph = pytorch2caffe.export(model, torch.randn(1, 3, 32, 32), *files)
    (gate,) = (node for node in graph.nodes if isinstance(node.layer, Scale))
    print(f"{gate.name}: {gate.layer.type}, axis {gate.layer.axis}, bottoms {[v.name for v in gate.inputs]}")
    print(pytorch2caffe.verify(model, *files, torch.randn(1, 3, 32, 32)).rows[-1])

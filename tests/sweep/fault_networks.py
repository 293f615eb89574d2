"""Ten small networks into whose files faults are seeded; among them they have every common type of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from tests.end_to_end.yolo import Yolo
from tests.lively import make_lively
from tests.models import Tiny


class Network(NamedTuple):
    """A model with lively weights, in eval mode, an input, and the dialect to write it for."""

    model: nn.Module
    x: torch.Tensor
    dialect: str = "caffe"


class UNet(nn.Module):
    """Down by average pooling, up by a transposed convolution and by bilinear resizing; every kind of ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8, eps=1e-3), nn.LeakyReLU(0.1))
        self.two = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.PReLU(16))
        self.three = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ELU(), nn.InstanceNorm2d(16, affine=True))
        self.up = nn.ConvTranspose2d(16, 16, 4, 2, 1)
        self.merge = nn.Sequential(nn.Conv2d(32, 8, 3, padding=1), nn.Tanh())
        self.last = nn.Conv2d(16, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.one(x)
        two = self.two(F.avg_pool2d(one, 2))
        three = self.three(F.max_pool2d(two, 2))
        up = self.merge(torch.cat((self.up(three), two), 1))
        return self.last(torch.cat((F.interpolate(up, scale_factor=2.0, mode="bilinear"), one), 1))


class Enhancer(nn.Module):
    """Super-resolution: attention over channels, scaled residuals, PixelShuffle, a mean that is subtracted."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 12, 3, padding=1)
        self.body = nn.ModuleList(nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()) for _ in range(3))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1))
        self.register_buffer("mean", torch.tensor([0.4488, 0.4371, 0.404]).reshape(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.head(x - self.mean)
        for block in self.body:
            y = block(x)
            x = x + 0.1 * y * torch.sigmoid(self.gate(y))
        return F.pixel_shuffle(self.tail(x), 2)


def _torchvision(name: str, size: int = 64, **arguments: object) -> Callable[[], Network]:
    def make() -> Network:
        return _lively(torchvision_models().get_model(name, weights=None, **arguments), size)

    return make


def _lively(model: nn.Module, size: int) -> Network:
    x = torch.randn(1, 3, size, size)
    return Network(make_lively(model, torch.randn(2, 3, size, size)), x)


def _vision_transformer() -> Network:
    kind = torchvision_models().VisionTransformer
    return _lively(kind(32, 8, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=10), 32)


NETWORKS: dict[str, Callable[[], Network]] = {
    "tiny": lambda: _lively(Tiny(), 32),
    "unet": lambda: _lively(UNet(), 32),
    "enhancer": lambda: _lively(Enhancer(), 24),
    "yolo": lambda: _lively(Yolo(), 64)._replace(dialect="opencv"),
    "vision_transformer": _vision_transformer,
    "squeezenet1_1": _torchvision("squeezenet1_1"),
    "resnet18": _torchvision("resnet18", num_classes=100),
    "mobilenet_v2": _torchvision("mobilenet_v2", num_classes=100),
    "shufflenet_v2_x0_5": _torchvision("shufflenet_v2_x0_5", num_classes=100),
    "mobilenet_v3_small": _torchvision("mobilenet_v3_small", num_classes=100),
}


def network(name: str) -> Network:
    """One of NETWORKS, always with the same weights."""
    torch.manual_seed(0)
    return NETWORKS[name]()

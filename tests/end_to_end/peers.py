"""The ground on which this converter's peers were measured: 26 networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests import zoo
from tests.lively import make_lively


def block(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(a, b, 3, padding=1, bias=False),
        nn.BatchNorm2d(b),
        nn.ReLU(True),
        nn.Conv2d(b, b, 3, padding=1, bias=False),
        nn.BatchNorm2d(b),
        nn.ReLU(True),
    )


class UNet(nn.Module):
    """Down by pooling, up by bilinear interpolation and by a transposed convolution, padded to fit."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = block(3, 8), block(8, 16), block(16, 32)
        self.up = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.d, self.e, self.head = block(32, 16), block(24, 8), nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        c = self.up(self.c(F.max_pool2d(b, 2)))
        c = F.pad(c, (0, b.size(3) - c.size(3), 0, b.size(2) - c.size(2)))
        d = F.interpolate(self.d(torch.cat([c, b], 1)), size=a.shape[2:], mode="bilinear", align_corners=True)
        return torch.sigmoid(self.head(self.e(torch.cat([d, a], 1))))


class SENet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = block(3, 16)
        self.fc = nn.Sequential(nn.Linear(16, 4), nn.ReLU(True), nn.Linear(4, 16), nn.Sigmoid())
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        n, c, _, _ = x.size()
        x = x * self.fc(F.adaptive_avg_pool2d(x, 1).view(n, c)).view(n, c, 1, 1).expand_as(x)
        return self.head(x.mean([2, 3]))


class LSTMClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(12, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(32, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(x)[0][:, -1])


class YoloBlock(nn.Module):
    """Focus, a CSP-like block with SiLU, an upsampled branch, and the decoding of the grid."""

    def __init__(self) -> None:
        super().__init__()
        self.focus, self.one, self.two = nn.Conv2d(12, 16, 3, 1, 1), nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 3, 2, 1)
        self.detect = nn.Conv2d(32, 3 * 7, 1)
        self.register_buffer("anchors", torch.tensor([10.0, 13, 16, 30, 33, 23]).view(1, 3, 1, 1, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)
        x = F.silu(self.focus(x))
        y = F.interpolate(F.silu(self.two(F.silu(self.one(x)))), scale_factor=2.0, mode="nearest")
        x = self.detect(torch.cat([x, y], 1))
        n, _, h, w = x.shape
        x = x.view(n, 3, 7, h, w).permute(0, 1, 3, 4, 2).contiguous()
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        grid = torch.stack((xs, ys), 2).view(1, 1, h, w, 2).float()
        p = x.sigmoid()
        xy = (p[..., 0:2] * 2.0 - 0.5 + grid) * 8
        wh = (p[..., 2:4] * 2) ** 2 * self.anchors
        return torch.cat((xy, wh, p[..., 4:]), -1).view(n, -1, 7)


class SSDHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = block(3, 8), block(8, 16)
        self.loc = nn.ModuleList([nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)])
        self.conf = nn.ModuleList([nn.Conv2d(8, 12, 3, padding=1), nn.Conv2d(16, 12, 3, padding=1)])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 3, 2, 1))
        sources = [F.normalize(a, dim=1) * 20, b]
        loc = [conv(s).permute(0, 2, 3, 1).flatten(1) for conv, s in zip(self.loc, sources, strict=True)]
        conf = [conv(s).permute(0, 2, 3, 1).flatten(1) for conv, s in zip(self.conf, sources, strict=True)]
        return torch.cat(loc, 1).view(x.size(0), -1, 4), torch.cat(conf, 1).view(x.size(0), -1, 3).softmax(-1)


class Mix(nn.Module):
    """What peers get silently wrong: in-place subtraction, in-place activations, a last tanh."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        z = F.hardswish(self.conv(x) + 1, inplace=True)
        y -= z
        y = F.silu(y, inplace=True)
        y /= z.abs() + 0.5
        y = torch.where(torch.eye(y.shape[-1], dtype=torch.bool), y, -y)
        a, b = y.chunk(2, dim=1)
        return torch.tanh(torch.max(a, b) - a.mean(dim=1, keepdim=True))


OWN = {
    "unet": (UNet, (1, 3, 36, 28)),
    "se_net": (SENet, (1, 3, 32, 32)),
    "lstm_classifier": (LSTMClassifier, (2, 7, 12)),
    "yolo_block": (YoloBlock, (1, 3, 32, 32)),
    "ssd_head": (SSDHead, (1, 3, 32, 32)),
    "mix": (Mix, (1, 3, 16, 16)),
}
TORCHVISION = (
    "alexnet",
    "vgg16",
    "vgg16_bn",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "squeezenet1_1",
    "densenet121",
    "googlenet",
    "googlenet_transformed",
    "inception_v3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "shufflenet_v2_x1_0",
    "mnasnet1_0",
    "efficientnet_b0",
    "regnet_y_400mf",
    "convnext_tiny",
    "fcn_resnet50",
    "vit_b_16",
)
NAMES = (*TORCHVISION, *OWN)


def network(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A network with lively weights, and an input for it."""
    if name in OWN:
        make, shape = OWN[name]
        torch.manual_seed(0)
        return make_lively(make(), torch.randn(shape)), torch.randn(shape)
    return getattr(zoo, name)(), torch.randn(1, 3, zoo.size(name), zoo.size(name))

"""A network built as YOLOv5 is: Focus, CSP blocks, spatial pyramid pooling, a path there and back, decoded heads."""

from __future__ import annotations

import torch
from torch import nn


def conv(a: int, b: int, k: int = 1, s: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b, eps=1e-3), nn.SiLU(inplace=True))


class Focus(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.conv = conv(a * 4, b, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        corners = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        return self.conv(torch.cat(corners, 1))


class Bottleneck(nn.Module):
    def __init__(self, a: int, shortcut: bool) -> None:
        super().__init__()
        self.one, self.two, self.add = conv(a, a), conv(a, a, 3), shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.two(self.one(x)) if self.add else self.two(self.one(x))


class C3(nn.Module):
    def __init__(self, a: int, b: int, n: int = 1, shortcut: bool = True) -> None:
        super().__init__()
        self.one, self.two, self.three = conv(a, b // 2), conv(a, b // 2), conv(b, b)
        self.m = nn.Sequential(*(Bottleneck(b // 2, shortcut) for _ in range(n)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.three(torch.cat((self.m(self.one(x)), self.two(x)), 1))


class SPP(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.one, self.two = conv(a, a // 2), conv(a * 2, b)
        self.pools = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.one(x)
        return self.two(torch.cat([x, *(pool(x) for pool in self.pools)], 1))


class Detect(nn.Module):
    """Three heads; at inference the boxes in pixels, [batch, all anchors, 5 + classes]."""

    ANCHORS = ((10, 13, 16, 30, 33, 23), (30, 61, 62, 45, 59, 119), (116, 90, 156, 198, 373, 326))

    def __init__(self, classes: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.numbers = classes + 5
        self.heads = nn.ModuleList(nn.Conv2d(c, 3 * self.numbers, 1) for c in channels)
        self.register_buffer("anchors", torch.tensor(self.ANCHORS, dtype=torch.float32).view(3, 1, 3, 1, 1, 2))

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        found = []
        for index, (head, x) in enumerate(zip(self.heads, features, strict=True)):
            x = head(x)
            n, _, h, w = x.shape
            stride = 8 * 2**index
            y = x.view(n, 3, self.numbers, h, w).permute(0, 1, 3, 4, 2).contiguous().sigmoid()
            ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid = torch.stack((xs, ys), 2).view(1, 1, h, w, 2).float()
            y[..., 0:2] = (y[..., 0:2] * 2.0 - 0.5 + grid) * stride
            y[..., 2:4] = (y[..., 2:4] * 2) ** 2 * self.anchors[index]
            found.append(y.view(n, -1, self.numbers))
        return torch.cat(found, 1)


class Yolo(nn.Module):
    def __init__(self, classes: int = 4, c: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(Focus(3, c), conv(c, c * 2, 3, 2), C3(c * 2, c * 2))
        self.p3 = nn.Sequential(conv(c * 2, c * 4, 3, 2), C3(c * 4, c * 4, 2))
        self.p4 = nn.Sequential(conv(c * 4, c * 8, 3, 2), C3(c * 8, c * 8, 2))
        self.p5 = nn.Sequential(conv(c * 8, c * 16, 3, 2), SPP(c * 16, c * 16), C3(c * 16, c * 16, 1, False))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.lateral5, self.merge4 = conv(c * 16, c * 8), C3(c * 16, c * 8, 1, False)
        self.lateral4, self.merge3 = conv(c * 8, c * 4), C3(c * 8, c * 4, 1, False)
        self.down3, self.out4 = conv(c * 4, c * 4, 3, 2), C3(c * 8, c * 8, 1, False)
        self.down4, self.out5 = conv(c * 8, c * 8, 3, 2), C3(c * 16, c * 16, 1, False)
        self.detect = Detect(classes, (c * 4, c * 8, c * 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        p3 = self.p3(self.stem(x))
        p4 = self.p4(p3)
        top = self.lateral5(self.p5(p4))
        middle = self.lateral4(self.merge4(torch.cat((self.up(top), p4), 1)))
        small = self.merge3(torch.cat((self.up(middle), p3), 1))
        medium = self.out4(torch.cat((self.down3(small), middle), 1))
        large = self.out5(torch.cat((self.down4(medium), top), 1))
        return self.detect([small, medium, large])

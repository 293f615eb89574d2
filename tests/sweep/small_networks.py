"""Small networks, each with one part that decides whether a chip accepts a network: attention, shuffles, resizing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F


class Parts(nn.Module):
    """A stem, the part, and a head: the part reads maps of 16 channels and gives maps of any number of channels."""

    def __init__(self, part: nn.Module, channels: int = 16) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.part = part
        self.head = nn.Conv2d(channels, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.part(self.stem(x)))


class SqueezeExcite(nn.Module):
    """The canonical one: two Linear layers, and `x * y.expand_as(x)`."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(self.pool(x).flatten(1)).view(x.shape[0], 16, 1, 1)
        return x * y.expand_as(x)


class EfficientChannel(nn.Module):
    """ECA: a 1-D convolution over the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(-1, -2)
        return x * self.conv(y).transpose(-1, -2).unsqueeze(-1).sigmoid().expand_as(x)


class SpatialAttention(nn.Module):
    """Mean and maximum over the channels, a convolution, one gate per pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(torch.cat((x.mean(1, True), x.amax(1, True)), 1)).sigmoid()


class ChannelAttention(nn.Module):
    """CBAM's first half: average and maximum through the same convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1))).sigmoid()


class Coordinate(nn.Module):
    """Coordinate Attention: a gate per row and a gate per column."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(16, 8, 1), nn.BatchNorm2d(8)
        self.rows, self.columns = nn.Conv2d(8, 16, 1), nn.Conv2d(8, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[2:]
        rows, columns = x.mean(3, True), x.mean(2, True).permute(0, 1, 3, 2)
        y = F.hardswish(self.bn(self.conv(torch.cat((rows, columns), 2))))
        a, b = y.split((height, width), 2)
        return x * self.rows(a).sigmoid() * self.columns(b.permute(0, 1, 3, 2)).sigmoid()


class NonLocal(nn.Module):
    """Attention over all pixels, one head."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(16, 8, 1) for _ in range(3))
        self.out = nn.Conv2d(8, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (conv(x).flatten(2) for conv in (self.q, self.k, self.v))
        y = (q.transpose(1, 2) @ k).softmax(-1) @ v.transpose(1, 2)
        return x + self.out(y.transpose(1, 2).unflatten(2, x.shape[2:]))


class Encoder(nn.Module):
    """A transformer's encoder layer over the pixels, two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, x.shape[2:])


class Focus(nn.Module):
    """YOLOv5's first layer: the corners of 2x2 squares as channels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1)


class ViewShuffle(nn.Module):
    """ShuffleNet's channel shuffle, as it writes it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Resized(nn.Module):
    """Twice the size, and the stem's map added: the step of a feature pyramid or a UNet."""

    def __init__(self, mode: str, align_corners: bool | None = None) -> None:
        super().__init__()
        self.down = nn.Conv2d(16, 16, 3, 2, 1)
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + F.interpolate(self.down(x), x.shape[2:], mode=self.mode, align_corners=self.align_corners)


class PyramidPooling(nn.Module):
    """PSPNet: means of 1, 4 and 16 parts, resized and concatenated."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pools = [F.adaptive_avg_pool2d(x, size) for size in (1, 2, 4)]
        return torch.cat([x, *(F.interpolate(p, x.shape[2:], mode="bilinear", align_corners=True) for p in pools)], 1)


class Atrous(nn.Module):
    """ASPP: dilated convolutions and an image-wide mean."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(16, 8, 3, padding=d, dilation=d) for d in (1, 2, 3))
        self.mean = nn.Conv2d(16, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = F.interpolate(self.mean(x.mean((2, 3), True)), x.shape[2:], mode="bilinear", align_corners=False)
        return torch.cat([*(conv(x) for conv in self.convs), mean], 1)


class SpatialPyramid(nn.Module):
    """YOLO's SPP: maxima of three sizes, concatenated."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, *(F.max_pool2d(x, k, 1, k // 2) for k in (3, 5, 7))], 1)


class Normalized(nn.Module):
    """Vectors of length 1 along the channels, as a face or person descriptor."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(x, dim=1)


class Styled(nn.Module):
    """A block of a style transfer network: reflected borders, InstanceNorm."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(16, 16, 3), nn.InstanceNorm2d(16, affine=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x).relu()


class Ghost(nn.Module):
    """GhostNet: half of the channels by a depthwise convolution of the other half."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.one(x).relu()
        return torch.cat((y, self.two(y).relu()), 1)[:, :16]


class ChannelsLastNorm(nn.Module):
    """ConvNeXt's block: LayerNorm over the channels, with the axes turned there and back."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(16, 16, 7, padding=3, groups=16), nn.LayerNorm(16)
        self.one, self.two = nn.Linear(16, 32), nn.Linear(32, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + self.two(F.gelu(self.one(y))).permute(0, 3, 1, 2)


class Columns(nn.Module):
    """A CRNN: the columns of a map as a sequence."""

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.rnn = kind(16, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.rnn(x.mean(2).permute(2, 0, 1))[0]
        return y.permute(1, 2, 0).unsqueeze(2)


class Grid(nn.Module):
    """YOLO's boxes in pixels: cells of a grid added, sizes times anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.predict = nn.Conv2d(16, 3 * 6, 1)
        self.register_buffer("anchors", torch.rand(1, 3, 1, 1, 2) * 50)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, _, h, w = x.shape
        y = self.predict(x).view(n, 3, 6, h, w).permute(0, 1, 3, 4, 2).sigmoid()
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        cells = torch.stack((columns, rows), -1).view(1, 1, h, w, 2).float()
        xy, wh = (y[..., :2] * 2 - 0.5 + cells) * 8, (y[..., 2:4] * 2) ** 2 * self.anchors
        return torch.cat((xy, wh, y[..., 4:]), -1).view(n, 3 * h * w, 6)


class SoftArgmax(nn.Module):
    """The expected position of each map's peak."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        p = x.flatten(2).softmax(-1).view(n, c, h, w)
        rows = (p.sum(3) * torch.arange(h).float()).sum(2)
        return torch.stack(((p.sum(2) * torch.arange(w).float()).sum(2), rows), 2)


class Unet(nn.Module):
    """Two steps down and two up by transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in ((3, 8), (8, 16), (16, 32)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(a, a // 2, 2, 2) for a in (32, 16))
        self.joins = nn.ModuleList(nn.Conv2d(a, a // 2, 3, padding=1) for a in (32, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = self.downs[0](x).relu()
        two = self.downs[1](F.max_pool2d(one, 2)).relu()
        y = self.downs[2](F.max_pool2d(two, 2)).relu()
        for up, join, skip in zip(self.ups, self.joins, (two, one), strict=True):
            y = join(torch.cat((up(y), skip), 1)).relu()
        return y


def _sequence(*modules: nn.Module, channels: int = 16) -> Callable[[], nn.Module]:
    return lambda: Parts(nn.Sequential(*modules), channels)


SMALL: dict[str, Callable[[], nn.Module]] = {
    "squeeze-and-excitation": lambda: Parts(SqueezeExcite()),
    "ECA": lambda: Parts(EfficientChannel()),
    "CBAM": lambda: Parts(nn.Sequential(ChannelAttention(), SpatialAttention())),
    "spatial attention": lambda: Parts(SpatialAttention()),
    "coordinate attention": lambda: Parts(Coordinate()),
    "non-local block": lambda: Parts(NonLocal()),
    "transformer encoder": lambda: Parts(Encoder()),
    "PixelShuffle": lambda: Parts(nn.PixelShuffle(2), 4),
    "PixelUnshuffle": lambda: Parts(nn.PixelUnshuffle(2), 64),
    "Focus": lambda: Parts(Focus(), 64),
    "channel shuffle": lambda: Parts(ViewShuffle()),
    "nearest upsampling": lambda: Parts(Resized("nearest")),
    "bilinear upsampling": lambda: Parts(Resized("bilinear", False)),
    "bilinear, align_corners": lambda: Parts(Resized("bilinear", True)),
    "pyramid pooling": lambda: Parts(PyramidPooling(), 64),
    "ASPP": lambda: Parts(Atrous(), 32),
    "SPP": lambda: Parts(SpatialPyramid(), 64),
    "normalized descriptor": lambda: Parts(Normalized()),
    "style transfer block": lambda: Parts(Styled()),
    "ghost module": lambda: Parts(Ghost()),
    "ConvNeXt block": lambda: Parts(ChannelsLastNorm()),
    "GroupNorm, SiLU": _sequence(nn.GroupNorm(4, 16), nn.SiLU()),
    "PReLU": _sequence(nn.PReLU(16)),
    "ReLU6": _sequence(nn.ReLU6()),
    "Hardswish": _sequence(nn.Hardswish()),
    "max pooling 3, 2, 1": _sequence(nn.MaxPool2d(3, 2, 1)),
    "CRNN (LSTM)": lambda: Parts(Columns(nn.LSTM), 8),
    "CRNN (GRU)": lambda: Parts(Columns(nn.GRU), 8),
    "YOLO grid": lambda: nn.Sequential(Parts(nn.Identity()).stem, Grid()),
    "soft-argmax": lambda: nn.Sequential(Parts(nn.Identity()).stem, SoftArgmax()),
    "UNet": Unet,
}

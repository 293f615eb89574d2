"""The networks of bench_ncnn, with random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Double(nn.Sequential):
    """Two convolutions with BatchNorm and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        super().__init__(*layers)


class UNet(nn.Module):
    """Four levels, 16 to 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        widths = [16, 32, 64, 128, 256]
        self.down = nn.ModuleList(Double(a, b) for a, b in zip([3, *widths], widths, strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(widths, widths[1:], strict=False))
        self.decode = nn.ModuleList(Double(2 * width, width) for width in widths[:-1])
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for down in self.down[:-1]:
            skips.append(down(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.down[-1](x)
        for up, decode, skip in zip(reversed(self.up), reversed(self.decode), reversed(skips), strict=True):
            x = decode(torch.cat([skip, up(x)], 1))
        return self.head(x)


def made(name: str) -> Any:
    """The network of this name, in eval mode."""
    torch.manual_seed(0)
    if name == "unet":
        return UNet().eval()
    if name == "yolov8n":
        from ultralytics import YOLO

        net = YOLO("yolov8n.yaml").model.eval()
        net.model[-1].export, net.model[-1].format = True, "torchscript"
        return net
    from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models

    torchvision_models()
    if name == "vit_tiny":
        import timm

        return timm.create_model("vit_tiny_patch16_224").eval()
    from pytorch2caffe.frontends.torch.loading.models import load_model

    return load_model(f"torchvision:{name}").eval()

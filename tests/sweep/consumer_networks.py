"""The networks that docs/consumers.md is about: torchvision's, ultralytics' where it is installed, and small ones."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from tests.lively import make_lively
from tests.sweep.packages.inputs import picture
from tests.sweep.small_networks import SMALL
from tests.zoo import SETTINGS

Built = tuple[nn.Module, tuple[torch.Tensor, ...]]

SIDES = {"inception_v3": 299, "vit_b_16": 64, "maxvit_t": 224, "swin_t": 64, "swin_v2_t": 64}
TORCHVISION = (
    *("alexnet", "vgg11_bn", "vgg16", "resnet18", "resnet50", "resnext50_32x4d", "squeezenet1_0", "squeezenet1_1"),
    *("densenet121", "googlenet", "inception_v3", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"),
    *("mnasnet1_0", "shufflenet_v2_x1_0", "regnet_x_400mf", "regnet_y_400mf", "efficientnet_b0", "efficientnet_v2_s"),
    *("convnext_tiny", "vit_b_16", "swin_t", "swin_v2_t"),
    *("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"),
)
ULTRALYTICS = ("yolov3-tiny", "yolov5n", "yolov8n", "yolov8n without head")
DETECTION = ("ssdlite320: features and heads",)

# The 30 of the page.
PAGE = (
    *("alexnet", "vgg16", "resnet18", "resnet50", "squeezenet1_1", "densenet121", "googlenet", "inception_v3"),
    *("mobilenet_v2", "mobilenet_v3_large", "shufflenet_v2_x1_0", "regnet_y_400mf", "efficientnet_b0"),
    *("convnext_tiny", "vit_b_16", "swin_t", "fcn_resnet50", "deeplabv3_mobilenet_v3_large"),
    *("ssdlite320: features and heads", "yolov3-tiny", "yolov5n", "yolov8n", "yolov8n without head", "UNet"),
    *("squeeze-and-excitation", "CBAM", "PixelShuffle", "bilinear, align_corners", "style transfer block"),
    "CRNN (LSTM)",
)


def names() -> list[str]:
    """All 63."""
    return [*TORCHVISION, *DETECTION, *ULTRALYTICS, *SMALL]


def build(name: str) -> Built:
    """A network in eval mode with lively weights, and its input."""
    torch.manual_seed(0)
    if name in ULTRALYTICS:
        return importlib.import_module("tests.sweep.packages.ultralytics").build(name)
    make, side = _maker(name)
    inputs = (picture(1, 3, side, side),)
    return make_lively(make().eval(), picture(2, 3, side, side)).requires_grad_(False), inputs


def _maker(name: str) -> tuple[Callable[[], nn.Module], int]:
    if name in SMALL:
        return SMALL[name], 32
    if name in DETECTION:
        return SsdLite, 96
    side = SIDES.get(name, 96 if name.startswith(("fcn", "deeplab", "lraspp")) else 224)
    return partial(_torchvision, name, side), side


def _torchvision(name: str, side: int) -> nn.Module:
    models = torchvision_models()
    settings = dict(SETTINGS.get(name, {}))
    if name.startswith(("fcn", "deeplab", "lraspp")):
        settings["weights_backbone"] = None
    if name.startswith("vit"):
        settings["image_size"] = side
    return models.get_model(name, weights=None, **settings)


class SsdLite(nn.Module):
    """What a chip runs of SSDLite: the features, and for each map the scores and boxes."""

    def __init__(self) -> None:
        super().__init__()
        detection: Any = torchvision_models().detection
        whole = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21)
        self.features, self.heads = whole.backbone, whole.head

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        maps = list(self.features(x).values())
        scores = [head(each) for head, each in zip(self.heads.classification_head.module_list, maps, strict=True)]
        boxes = [head(each) for head, each in zip(self.heads.regression_head.module_list, maps, strict=True)]
        return [*scores, *boxes]

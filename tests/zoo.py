"""Whole networks with lively seeded weights, to be named on a command line: `tests.zoo:resnet18`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from tests.lively import make_lively

SIZES = {"inception_v3": 299, "inception_v3_transformed": 299}
SETTINGS = {"googlenet": {"init_weights": False}, "inception_v3": {"init_weights": False}}  # they are slow to draw
NAMES = (
    "alexnet",
    "vgg11",
    "vgg16_bn",
    "resnet18",
    "resnet50",
    "resnet152",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "squeezenet1_0",
    "squeezenet1_1",
    "densenet121",
    "googlenet",
    "inception_v3",
    "mobilenet_v2",
    "mnasnet1_0",
    "regnet_x_400mf",
    "regnet_y_400mf",
)


def size(name: str) -> int:
    """The usual height and width of a network's input, in pixels."""
    return SIZES.get(name, 224)


def build(name: str, seed: int = 0, **arguments: object) -> nn.Module:
    """A torchvision network with lively weights, in eval mode."""
    torch.manual_seed(seed)
    arguments = {**SETTINGS.get(name, {}), **arguments}
    if name.startswith(("fcn", "deeplab", "lraspp")):
        arguments = {"weights_backbone": None, **arguments}
    model = torchvision_models().get_model(name, weights=None, **arguments)
    side = int(str(arguments.get("image_size", size(name))))
    return make_lively(model, torch.randn(2, 3, side, side), seed=seed)


def inception_v3_transformed() -> nn.Module:
    """Inception v3 as its pretrained form is called: the input is rescaled channel by channel inside the model."""
    return build("inception_v3", transform_input=True)


def googlenet_transformed() -> nn.Module:
    """GoogLeNet as its pretrained form is called."""
    return build("googlenet", transform_input=True)


def __getattr__(name: str) -> Callable[[], nn.Module]:
    if name.startswith("_") or name not in torchvision_models().list_models():
        raise AttributeError(name)
    return lambda: build(name)

"""segmentation-models-pytorch: each decoder on a small encoder, and each kind of encoder under a U-Net."""

from __future__ import annotations

import importlib

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet, smallest

DECODERS = (
    *("Unet", "UnetPlusPlus", "MAnet", "Linknet", "FPN", "PSPNet", "PAN", "DeepLabV3", "DeepLabV3Plus", "UPerNet"),
    "Segformer",
)
ENCODERS = (
    *(
        "mobilenet_v2",
        "efficientnet-b0",
        "timm-efficientnet-b0",
        "timm-tf_efficientnet_lite0",
        "mobileone_s0",
        "mit_b0",
    ),
    *("timm-skresnet18", "densenet121", "dpn68", "vgg11", "vgg11_bn", "resnext50_32x4d", "se_resnet50", "xception"),
    *("se_resnext50_32x4d", "resnet50", "inceptionv4", "inceptionresnetv2", "senet154"),
    *("tu-regnetx_002", "tu-mobilenetv3_small_100", "tu-convnext_atto", "tu-resnest14d", "tu-res2net50_26w_4s"),
)
OTHERS = (
    "DPT/tu-vit_tiny_patch16_224",
    "Segformer/mit_b0",
    "FPN/mit_b0",
    "DeepLabV3Plus/mobilenet_v2",
    "Linknet/mobilenet_v2",
)


def names() -> list[str]:
    """Decoder and encoder: Unet/resnet18."""
    return [*(f"{name}/resnet18" for name in DECODERS), *OTHERS, *(f"Unet/{name}" for name in ENCODERS)]


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    decoder, _, encoder = name.partition("/")
    package = importlib.import_module("segmentation_models_pytorch")
    torch.manual_seed(0)
    settings = {"dynamic_img_size": True} if decoder == "DPT" else {}
    model = quiet(getattr(package, decoder)(encoder, encoder_weights=None, classes=3, **settings))
    if decoder == "DPT":
        return model, (picture(1, 3, 224, 224),)
    return model, smallest(model, [(3, 64, 96), (3, 128, 128), (3, 224, 224)])

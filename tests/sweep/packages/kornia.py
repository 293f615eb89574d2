"""kornia: its detectors and descriptors, its networks, and filters and colour spaces that people put into a network."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import Called, picture, quiet

PLAIN = {"pretrained": False}
FEATURES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "HardNet": (PLAIN, (2, 1, 32, 32)),
    "HardNet8": (PLAIN, (1, 1, 32, 32)),
    "HyNet": (PLAIN, (1, 1, 32, 32)),
    "SOSNet": (PLAIN, (1, 1, 32, 32)),
    "TFeat": (PLAIN, (1, 1, 32, 32)),
    "OriNet": (PLAIN, (1, 1, 32, 32)),
    "LAFAffNetShapeEstimator": (PLAIN, (1, 1, 32, 32)),
    "KeyNet": (PLAIN, (1, 1, 48, 64)),
    "DISK": ({}, (1, 3, 48, 64)),
    "DeFMO": (PLAIN, (1, 6, 48, 64)),
    "SOLD2_detector": (PLAIN, (1, 1, 128, 128)),
    "XFeatModel": ({}, (1, 3, 64, 96)),
    "FilterResponseNorm2d": ({"num_features": 4}, (1, 4, 12, 16)),
    "SIFTDescriptor": ({"patch_size": 32}, (1, 1, 32, 32)),
    "DenseSIFTDescriptor": ({}, (1, 1, 24, 32)),
    "CornerHarris": ({"k": 0.04}, (1, 1, 24, 32)),
    "CornerGFTT": ({}, (1, 1, 24, 32)),
    "BlobHessian": ({}, (1, 1, 24, 32)),
    "BlobDoGSingle": ({}, (1, 1, 24, 32)),
    "PatchAffineShapeEstimator": ({}, (1, 1, 19, 19)),
}
FILTERS: dict[str, dict[str, Any]] = {
    "GaussianBlur2d": {"kernel_size": (5, 3), "sigma": (1.5, 1.0)},
    "BoxBlur": {"kernel_size": (3, 5)},
    "MedianBlur": {"kernel_size": (3, 3)},
    "Sobel": {},
    "SpatialGradient": {},
    "Laplacian": {"kernel_size": 3},
    "UnsharpMask": {"kernel_size": (3, 3), "sigma": (1.5, 1.5)},
    "BlurPool2D": {"kernel_size": 3},
    "MaxBlurPool2D": {"kernel_size": 3},
    "MotionBlur": {"kernel_size": 3, "angle": 30.0, "direction": 0.5},
    "BilateralBlur": {"kernel_size": (3, 3), "sigma_color": 0.1, "sigma_space": (1.5, 1.5)},
    "EdgeAwareBlurPool2D": {"kernel_size": 3},
    "Canny": {},
}
COLOURS = (
    *("RgbToGrayscale", "BgrToRgb", "RgbToYcbcr", "YcbcrToRgb", "RgbToYuv", "RgbToXyz", "XyzToRgb", "RgbToLinearRgb"),
    *("RgbToLab", "RgbToLuv", "RgbToHsv", "RgbToHls", "HsvToRgb", "Sepia", "RgbToYuv420"),
)
NETWORKS: dict[str, tuple[str, str, dict[str, Any], tuple[int, ...]]] = {  # name -> module, class, settings, input
    "DexiNed": ("kornia.models.dexined", "DexiNed", {"pretrained": False}, (1, 3, 48, 64)),
    "RRDBNet": ("kornia.models.rrdbnet", "RRDBNet", {"num_in_ch": 3, "num_out_ch": 3, "num_block": 2}, (1, 3, 24, 32)),
    "SmallSRNet": ("kornia.models.small_sr", "SmallSRNet", {"upscale_factor": 2, "pretrained": False}, (1, 1, 24, 32)),
    "TinyViT": ("kornia.models.tiny_vit", "TinyViT", {"img_size": 64, "depths": (1, 1, 2, 1)}, (1, 3, 64, 64)),
    "YuNet": ("kornia.models.yunet", "YuNet", {"phase": "test", "pretrained": False}, (1, 3, 64, 96)),
    "VisionTransformer": (
        "kornia.models.vit",
        "VisionTransformer",
        {"image_size": 64, "depth": 2, "embed_dim": 96, "num_heads": 4},
        (1, 3, 64, 64),
    ),
    "MobileViT": ("kornia.models.vit_mobile", "MobileViT", {"mode": "xxs"}, (1, 3, 256, 256)),
}


def names() -> list[str]:
    return [
        *FEATURES,
        *NETWORKS,
        "LoFTR",
        *(f"filters.{name}" for name in FILTERS),
        *(f"color.{name}" for name in COLOURS),
    ]


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    part, _, kind = name.rpartition(".")
    if name == "LoFTR":
        loftr = quiet(importlib.import_module("kornia.feature").LoFTR(pretrained=None))
        return Coarse(loftr), tuple(picture(1, 1, 64, 64, seed=seed) for seed in range(2))
    if name in NETWORKS:
        module, kind, settings, shape = NETWORKS[name]
        return quiet(getattr(importlib.import_module(module), kind)(**settings)), (picture(*shape),)
    if name in FEATURES:
        settings, shape = FEATURES[name]
        network = quiet(getattr(importlib.import_module("kornia.feature"), name)(**settings))
        if name == "LAFAffNetShapeEstimator":
            return network.features, (picture(*shape),)
        return (Called(network, "heatmap_and_dense_descriptors") if name == "DISK" else network), (picture(*shape),)
    package = importlib.import_module(f"kornia.{part}")
    settings = FILTERS.get(kind, {})
    return quiet(getattr(package, kind)(**settings)), (picture(1, 3, 24, 32).sigmoid(),)


class Coarse(nn.Module):
    """LoFTR without its matching: a matching has as many points as the pictures have in common."""

    def __init__(self, loftr: Any) -> None:
        super().__init__()
        self.backbone, self.position, self.coarse = loftr.backbone, loftr.pos_encoding, loftr.loftr_coarse

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> Any:
        maps = [self.position(self.backbone(x)[0]).flatten(2).transpose(1, 2) for x in (left, right)]
        return self.coarse(*maps)

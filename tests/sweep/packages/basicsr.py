"""basicsr: the networks of basicsr.archs, with fewer blocks where they repeat one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

Shapes = tuple[tuple[int, ...], ...]
SWINIR = {"img_size": 16, "window_size": 8, "depths": (2, 2), "embed_dim": 24, "num_heads": (3, 3)}
NETWORKS: dict[str, tuple[dict[str, Any], Shapes]] = {
    "EDSR": ({"num_in_ch": 3, "num_out_ch": 3, "num_block": 4}, ((1, 3, 24, 32),)),
    "EDSR/x3": ({"num_in_ch": 3, "num_out_ch": 3, "num_block": 4, "upscale": 3}, ((1, 3, 24, 32),)),
    "RCAN": ({"num_in_ch": 3, "num_out_ch": 3, "num_group": 2, "num_block": 3}, ((1, 3, 24, 32),)),
    "SRVGGNetCompact_basicsr": ({"num_conv": 8}, ((1, 3, 24, 32),)),
    "ECBSR": (
        {
            "num_in_ch": 3,
            "num_out_ch": 3,
            "num_block": 4,
            "num_channel": 16,
            "with_idt": True,
            "act_type": "prelu",
            "scale": 2,
        },
        ((1, 3, 24, 32),),
    ),
    "MSRResNet": ({"num_block": 4}, ((1, 3, 24, 32),)),
    "RRDBNet": ({"num_in_ch": 3, "num_out_ch": 3, "num_block": 3}, ((1, 3, 24, 32),)),
    "RRDBNet/x2": ({"num_in_ch": 3, "num_out_ch": 3, "num_block": 2, "scale": 2}, ((1, 3, 24, 32),)),
    "RIDNet": ({"in_channels": 3, "mid_channels": 32, "out_channels": 3}, ((1, 3, 24, 32),)),
    "SwinIR": ({**SWINIR, "upsampler": "pixelshuffle"}, ((1, 3, 16, 16),)),
    "SwinIR/direct": ({**SWINIR, "upsampler": "pixelshuffledirect"}, ((1, 3, 16, 16),)),
    "VGGStyleDiscriminator": ({"num_in_ch": 3, "num_feat": 16}, ((1, 3, 128, 128),)),
    "UNetDiscriminatorSN_basicsr": ({"num_in_ch": 3, "num_feat": 16}, ((1, 3, 32, 48),)),
    "DUF": ({"num_layer": 16}, ((1, 7, 3, 24, 32),)),
    "SpyNet": ({}, ((1, 3, 64, 64), (1, 3, 64, 64))),
    "TOFlow": ({}, ((1, 7, 3, 32, 64),)),
    "EDVR": (
        {"num_feat": 16, "deformable_groups": 2, "num_extract_block": 1, "num_reconstruct_block": 1},
        ((1, 5, 3, 32, 32),),
    ),
    "BasicVSR": ({"num_feat": 16, "num_block": 2}, ((1, 3, 3, 64, 64),)),
    "StyleGAN2Generator": ({"out_size": 32, "num_style_feat": 64, "narrow": 0.125}, ((1, 64),)),
    "StyleGAN2Discriminator": ({"out_size": 32, "narrow": 0.125}, ((1, 3, 32, 32),)),
    "VGGFeatureExtractor": ({}, ((1, 3, 64, 64),)),
}


def names() -> list[str]:
    return list(NETWORKS)


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    settings, shapes = NETWORKS[name]
    importlib.import_module("basicsr.archs")
    kind: Callable[..., nn.Module] = importlib.import_module("basicsr.utils.registry").ARCH_REGISTRY.get(
        name.partition("/")[0]
    )
    torch.manual_seed(0)
    if name == "StyleGAN2Generator":
        return Styled(quiet(kind(**settings))), tuple(picture(*shape) for shape in shapes)
    if name == "VGGFeatureExtractor":
        importlib.import_module("basicsr.archs.vgg_arch").VGG_PRETRAIN_PATH = ""
        settings = {"layer_name_list": ["conv1_2", "conv3_4", "conv5_4"], "vgg_type": "vgg19"}
    return quiet(kind(**settings)), tuple(picture(*shape, seed=number) for number, shape in enumerate(shapes))


class Styled(nn.Module):
    """A generator reads a list of style vectors; its noise is that of its buffers."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, style: torch.Tensor) -> Any:
        return self.generator([style], randomize_noise=False)[0]

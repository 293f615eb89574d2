"""monai.networks.nets on pictures: two dimensions, few channels."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

D = {"spatial_dims": 2}
IO = {"in_channels": 1, "out_channels": 2}
STEPS: dict[str, Any] = {"channels": (8, 16, 32), "strides": (2, 2)}
DEEP: dict[str, Any] = {"channels": (8, 16, 32), "strides": (2, 2, 2)}
SMALL, MIDDLE = (1, 1, 32, 48), (1, 1, 64, 64)
FLAT = {"img_size": (32, 32), "hidden_size": 48, "mlp_dim": 96, "num_heads": 4}
NETWORKS: dict[str, tuple[dict[str, Any], tuple[tuple[int, ...], ...]]] = {
    "UNet": ({**D, **IO, **STEPS, "num_res_units": 2}, (SMALL,)),
    "AttentionUnet": ({**D, **IO, **STEPS}, (SMALL,)),
    "AutoEncoder": ({**D, **IO, **DEEP}, (SMALL,)),
    "VarAutoEncoder": (
        {**D, "in_shape": (1, 32, 32), "out_channels": 1, "latent_size": 4, **DEEP, "use_mean_at_inference": True},
        ((1, 1, 32, 32),),
    ),
    "BasicUNet": ({**D, "features": (8, 8, 16, 32, 64, 8)}, (SMALL,)),
    "BasicUNetPlusPlus": ({**D, "features": (8, 8, 16, 32, 64, 8)}, (SMALL,)),
    "DynUNet": (
        {
            **D,
            **IO,
            "kernel_size": [3, 3, 3],
            "strides": [1, 2, 2],
            "upsample_kernel_size": [2, 2],
            "filters": [8, 16, 32],
        },
        (SMALL,),
    ),
    "SegResNet": ({**D}, (SMALL,)),
    "SegResNetDS": ({**D, "init_filters": 8}, (SMALL,)),
    "SegResNetDS2": ({**D, "init_filters": 8}, (SMALL,)),
    "HighResNet": ({**D}, (SMALL,)),
    "VNet": ({**D}, (SMALL,)),
    "AHNet": ({**D, "psp_block_num": 2}, (MIDDLE,)),
    "DenseNet121": ({**D, **IO}, (MIDDLE,)),
    "ResNet": (
        {**D, "block": "basic", "layers": [1, 1, 1, 1], "block_inplanes": [8, 16, 32, 64], "n_input_channels": 1},
        (SMALL,),
    ),
    "SEResNet50": ({**D, "in_channels": 1}, (MIDDLE,)),
    "SEResNeXt50": ({**D, "in_channels": 1}, (MIDDLE,)),
    "SENet": (
        {**D, "in_channels": 1, "block": "se_bottleneck", "layers": [1, 1, 1, 1], "groups": 4, "reduction": 4},
        (MIDDLE,),
    ),
    "EfficientNetBN": ({**D, "model_name": "efficientnet-b0", "pretrained": False, "in_channels": 1}, (MIDDLE,)),
    "FlexibleUNet": ({**IO, "backbone": "efficientnet-b0"}, (MIDDLE,)),
    "UNETR": ({**D, **IO, **FLAT, "feature_size": 8}, ((1, 1, 32, 32),)),
    "SwinUNETR": ({**D, **IO, "feature_size": 12, "num_heads": (1, 2, 4, 8), "depths": (1, 1, 1, 1)}, (MIDDLE,)),
    "ViT": (
        {**D, "in_channels": 1, **FLAT, "patch_size": 8, "num_layers": 2, "classification": True},
        ((1, 1, 32, 32),),
    ),
    "ViTAutoEnc": ({**D, "in_channels": 1, **FLAT, "patch_size": 4, "num_layers": 2}, ((1, 1, 32, 32),)),
    "MedNeXt": ({**D, **IO, "init_filters": 8}, (MIDDLE,)),
    "HoVerNet": ({"np_out_channels": 2, "out_classes": 3}, ((1, 3, 256, 256),)),
    "Quicknat": ({"num_classes": 3, "num_filters": 8}, (SMALL,)),
    "RegUNet": ({**D, "in_channels": 2, "num_channel_initial": 4, "depth": 2, "out_channels": 2}, ((1, 2, 32, 48),)),
    "LocalNet": (
        {**D, "in_channels": 2, "num_channel_initial": 4, "extract_levels": (0, 1, 2), "out_channels": 2},
        ((1, 2, 32, 48),),
    ),
    "GlobalNet": (
        {**D, "image_size": [32, 32], "in_channels": 2, "num_channel_initial": 4, "depth": 2},
        ((1, 2, 32, 32),),
    ),
    "VoxelMorphUNet": (
        {
            **D,
            "in_channels": 2,
            "unet_out_channels": 16,
            "channels": (8, 16, 16, 16, 16, 16),
            "final_conv_channels": (8, 8),
        },
        ((1, 2, 32, 48),),
    ),
    "AutoencoderKL": (
        {**D, "channels": (8, 16), "num_res_blocks": 1, "attention_levels": (False, True), "norm_num_groups": 4},
        (SMALL,),
    ),
    "VQVAE": (
        {
            **D,
            "in_channels": 1,
            "out_channels": 1,
            "channels": (8, 16),
            "num_res_layers": 1,
            "num_res_channels": (8, 16),
            "downsample_parameters": ((2, 4, 1, 1), (2, 4, 1, 1)),
            "upsample_parameters": ((2, 4, 1, 1, 0), (2, 4, 1, 1, 0)),
            "embedding_dim": 8,
        },
        (SMALL,),
    ),
    "Classifier": ({"in_shape": (1, 32, 48), "classes": 4, **STEPS}, (SMALL,)),
    "Critic": ({"in_shape": (1, 32, 48), **STEPS}, (SMALL,)),
    "Discriminator": ({"in_shape": (1, 32, 48), **STEPS}, (SMALL,)),
    "Regressor": ({"in_shape": (1, 32, 48), "out_shape": (2, 3), **STEPS}, (SMALL,)),
    "Generator": (
        {"latent_shape": (8,), "start_shape": (8, 4, 4), "channels": (8, 4, 1), "strides": (2, 2, 1)},
        ((1, 8),),
    ),
    "FullyConnectedNet": ({"in_channels": 8, "out_channels": 3, "hidden_channels": (16, 12)}, ((1, 8),)),
    "PatchDiscriminator": ({**D, "channels": 8, "in_channels": 1}, (SMALL,)),
    "MultiScalePatchDiscriminator": (
        {**D, "num_d": 2, "num_layers_d": 2, "channels": 8, "in_channels": 1, "minimum_size_im": 32},
        (MIDDLE,),
    ),
    "DiffusionModelUNet": (
        {
            **D,
            "in_channels": 1,
            "out_channels": 1,
            "channels": (8, 16),
            "num_res_blocks": 1,
            "attention_levels": (False, True),
            "norm_num_groups": 4,
            "num_head_channels": 8,
        },
        (SMALL, (1,)),
    ),
}


def names() -> list[str]:
    return list(NETWORKS)


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    settings, shapes = NETWORKS[name]
    torch.manual_seed(0)
    model = quiet(getattr(importlib.import_module("monai.networks.nets"), name)(**settings))
    inputs = tuple(picture(*shape, seed=number) for number, shape in enumerate(shapes))
    return model, (inputs[0], inputs[1].abs() * 10) if name.startswith("Diffusion") else inputs

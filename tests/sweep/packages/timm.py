"""timm: the smallest member of each of its modules, and one or two of each family that people use."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet, smallest

SMALLEST = (  # of each module, smaller ones first
    *("starnet_s050", "dla46x_c", "mobilevit_xxs", "edgenext_xx_small", "mobilenetv3_small_050"),
    *("ese_vovnet19b_slim_dw", "convnext_zepto_rms", "repghostnet_050", "efficientvit_m0", "ghostnet_050"),
    *("regnetx_002", "cspnext_tiny", "iformer_t", "xcit_nano_12_p8_224", "cs3darknet_focus_s"),
    *("efficientvit_b0", "swiftformer_xs", "efficientformerv2_s0", "pvt_v2_b0", "fasternet_t0", "fastvit_t8"),
    *("lcnetv2_small", "inception_next_atto", "rexnet_100", "mobileone_s1", "pit_ti_224", "hardcorenas_b"),
    *("efficientnet_b0", "resnet10t", "repvit_m1", "vit_tiny_patch16_dinov3_qkvb", "coat_tiny"),
    *("convit_tiny", "deit_tiny_patch16_224", "gmlp_ti16_224", "hgnetv2_b0", "shvit_s1"),
    *("vit_tiny_r_s16_p8_224", "cpubone_nano", "efficientvim_m1", "crossvit_tiny_240", "mambaout_femto"),
    *("levit_128s", "densenet121", "halonet_h1", "nf_regnet_b0", "dpn48b", "visformer_tiny", "resnest14d"),
    *("coatnet_pico_rw_224", "csatv2", "resnetv2_18", "legacy_seresnet18", "poolformerv2_s12"),
    *("cait_xxs24_224", "skresnet18", "gcvit_xxtiny", "tiny_vit_5m_224", "efficientformer_l1"),
    *("hrnet_w18_small", "lowformer_b0", "nest_tiny", "convmixer_768_32", "vit_srelpos_small_patch16_224"),
    *("flexivit_small", "vitamin_small_224", "legacy_xception", "tnt_s_patch16_224", "inception_v3"),
    *("rdnet_tiny", "twins_svt_small", "mvitv2_tiny", "res2next50", "volo_d1_224", "sam2_hiera_tiny"),
    *("xception41p", "sequencer2d_s", "hiera_tiny_224", "swin_tiny_patch4_window7_224", "swinv2_cr_tiny_224"),
    *("swinv2_tiny_window8_256", "davit_tiny", "focalnet_tiny_srf", "selecsls42", "tresnet_m"),
    *("nextvit_small", "inception_v4", "inception_resnet_v2", "mobilenetv5_base", "pnasnet5large"),
    *("samvit_base_patch16_224", "naflexvit_base_patch16_parfac_gap", "beit_base_patch16_224"),
    *("qwen3_vit_88m", "nasnetalarge", "vgg11", "gemma4_vit_167m"),
)
OF_EACH_FAMILY = (
    *("resnet50d", "resnetv2_50", "seresnet50", "ecaresnet50t", "skresnet34", "res2net50_26w_4s"),
    *("xception41", "efficientnet_lite0", "tf_efficientnet_b0", "mixnet_s", "mobilenetv3_small_100"),
    *("mobilenetv4_conv_small", "mobileone_s0", "repvgg_a0", "ghostnet_100", "hardcorenas_a", "fbnetc_100"),
    *("lcnet_050", "tinynet_a", "regnety_002", "eca_nfnet_l0", "dpn68", "dla34", "darknet53", "cspdarknet53"),
    *("cspresnet50", "ese_vovnet19b_dw", "selecsls42b", "convnext_atto", "convnextv2_atto", "poolformer_s12"),
    *("caformer_s18", "mobilevitv2_050", "vit_tiny_patch16_224", "twins_pcpvt_small", "coat_lite_tiny"),
    *("mixer_s32_224", "resmlp_12_224", "gmixer_24_224", "xcit_nano_12_p16_224", "starnet_s1", "hgnet_tiny"),
    *("inception_next_tiny",),
)
SIDES = 64, 96, 128, 192  # tried before a network's own size


def names() -> list[str]:
    known = set(importlib.import_module("timm").list_models())
    return [name for name in dict.fromkeys((*SMALLEST, *OF_EACH_FAMILY)) if name in known]


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    create = importlib.import_module("timm").create_model
    torch.manual_seed(0)
    model = quiet(create(name, pretrained=False))
    channels, *native = model.default_cfg["input_size"]
    if not model.default_cfg.get("fixed_input_size"):
        return model, smallest(model, [(channels, 96, 128), (channels, 128, 128), (channels, *native)])
    for side in SIDES:
        if small := _at(create, name, channels, side):
            return small
    return model, (picture(1, channels, *native),)


def _at(create: Any, name: str, channels: int, side: int) -> tuple[nn.Module, tuple[torch.Tensor, ...]] | None:
    """The network made for this height and width, if it can be."""
    try:
        torch.manual_seed(0)
        model, x = quiet(create(name, pretrained=False, img_size=side)), picture(1, channels, side, side)
        with torch.no_grad():
            model(x)
    except Exception:
        return None
    return model, (x,)

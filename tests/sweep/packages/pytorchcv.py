"""pytorchcv: the smallest member of each of its architectures."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet, smallest

NAMES = (  # smaller ones first
    *("propainter_ip", "fpenet_cityscapes", "sinet_cityscapes", "densenet40_k12_bc_cifar10"),
    *("fdmobilenet_wd4_cub", "shufflenet_g1_wd4", "espcnet_cityscapes", "preresnet20_cifar10"),
    *("resdropresnet20_cifar10", "resnet20_cifar10", "shakedropresnet20_cifar10", "sepreresnet20_cifar10"),
    *("seresnet20_cifar10", "diapreresnet20_cifar10", "diaresnet20_cifar10", "nvpattexp116bazel76"),
    *("enet_cityscapes", "fdmobilenet_wd4", "mobilenetb_wd4", "mobilenet_wd4", "cgnet_cityscapes"),
    *("shakeshakeresnet20_2x16d_cifar10", "menet108_8x1_g3", "revnet38", "edanet_cityscapes", "sqnxt23_w1"),
    *("dabnet_cityscapes", "ror3_56_cifar10", "voca8flame", "ctxnet_cityscapes", "lednet_cityscapes"),
    *("nin_cifar10", "raft_small", "darknet_tiny", "dla46xc", "dicenet_wd5", "jasper5x3"),
    *("quartznet5x5_en_ls", "jasperdr10x5_en", "fastscnn_cityscapes", "squeezenet_v1_1", "espnetv2_wd2"),
    *("superpointnet", "xdensenet40_2_k24_bc_cifar10", "shufflenetv2_wd2", "shufflenetv2b_wd2"),
    *("mobilenetv2b_wd4", "lffd20x5s320v2_widerface", "igcv3_wd4", "esnet_cityscapes"),
    *("pyramidnet110_a48_cifar10", "resnext20_32x2d_cifar10", "mnasnet_small", "erfnet_cityscapes"),
    *("mobilenetv3_small_w7d20", "simplepose_mobile_mobilenetv3_small_w1_coco", "regnetx002", "peleenet"),
    *("condensenet74_c8_g8", "proxylessnas_mobile_cub", "sparsenet121", "hardnet39ds", "vovnet27s"),
    *("channelnet", "preresnet18_wd4", "resnet18_wd4", "proxylessnas_mobile"),
    *("lwopenpose2d_mobilenet_cmupan_coco", "mixnet_s", "spnasnet", "darts", "msdnet22_cifar10"),
    *("resnet10_cub", "seresnet10_cub", "propainter_rfc", "ghostnet", "efficientnet_b0", "nasnet_4a1056"),
    *("octresnet10_ad2", "resneta10", "efficientnet_edge_small_b", "sepreresnet10", "seresnet10", "fbnet_cb"),
    *("diapreresnet10", "diaresnet10", "resnext14_32x2d", "densenet121", "ibn_densenet121", "sharesnet18"),
    *("pfpcnet", "rir_cifar10", "resnestabc14", "bninception", "diracnet18v2", "linknet_cityscapes"),
    *("bam_resnet18", "cbam_resnet18", "dpn68", "hrnet_w18_small_v1", "bisenet_resnet18_celebamaskhq"),
    *("prnet", "unet_cityscapes", "xdensenet121_2", "centernet_resnet18_voc", "visemenet20"),
    *("simplepose_resnet18_coco", "bagnet9", "sqnet_cityscapes", "drnd22", "fishnet99", "wrn16_10_cifar10"),
    *("msdnet22", "xception", "inceptionv3", "inceptionresnetv1", "ibn_resnext50_32x4d", "ibn_resnet50"),
    *("ibnb_resnet50", "scnet50", "resnetd50b", "airnet50_1x64d_r16", "wrn20_10_1bit_cifar10", "sknet50"),
    *("seresnext50_32x4d", "airnext50_32x4d_r2", "ntsnet_cub", "segnet_cityscapes", "selecsls42", "senet16"),
    *("tresnet_m", "resattnet56", "fractalnet_cifar10", "fcn8sd_resnetd50b_cityscapes", "propainter"),
    *("darknet53", "deeplabv3_resnetd50b_cityscapes", "pyramidnet101_a360", "inceptionv4"),
    *("isqrtcovresnet18", "icnet_resnetd50b_cityscapes", "danet_resnetd50b_cityscapes"),
    *("pspnet_resnetd50b_cityscapes", "fastseresnet101b", "inceptionresnetv2"),
    *("alphapose_fastseresnet101b_coco", "alexnetb", "zfnet", "wrn50_2", "pnasnet5large", "polynet"),
    *("ibppose_coco", "irevnet301", "vgg11"),
)
SCENES = "cityscapes", "_voc", "_coco", "_ade20k", "celebamaskhq"  # segmentation and pose: told their size
SPECIAL: dict[str, tuple[tuple[int, ...], ...]] = {  # the shapes of the inputs of those that do not read one picture
    "voca8flame": ((1, 1, 16, 29), (1,)),
    "nvpattexp116bazel76": ((1, 8, 16, 29), (1,)),
    "propainter_ip": ((3, 3, 32, 48), (3, 1, 32, 48), (2, 4, 32, 48)),
    "propainter_rfc": ((1, 2, 2, 64, 64), (1, 2, 1, 64, 64)),
    "superpointnet": ((1, 1, 48, 64),),
    "pfpcnet": ((1, 1, 320, 240),),
    "raft_small": ((1, 3, 128, 128), (1, 3, 128, 128)),
    "jasper5x3": ((1, 64, 64), (1,)),
    "quartznet5x5_en_ls": ((1, 64, 64), (1,)),
    "jasperdr10x5_en": ((1, 64, 64), (1,)),
}


def names() -> list[str]:
    known = importlib.import_module("pytorchcv.model_provider")._models
    return [name for name in NAMES if name in known]


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    get: Any = importlib.import_module("pytorchcv.model_provider").get_model
    torch.manual_seed(0)
    if name in SPECIAL:
        audio = name.startswith(("jasper", "quartznet"))
        settings, number = {"from_audio": False} if audio else {}, torch.tensor([64 if audio else 1])
        inputs = tuple(picture(*shape, seed=seed) for seed, shape in enumerate(SPECIAL[name]))
        model = quiet(get(name, **settings))
        return (model, inputs) if inputs[-1].dim() > 1 else (Second(model, number), inputs[:1])
    if any(part in name for part in SCENES):
        maps = {"return_heatmap": True} if "pose" in name or "centernet" in name else {}
        try:
            model = quiet(get(name, in_size=(96, 128), **maps))
            x = picture(1, getattr(model, "in_channels", 3), 96, 128)
            with torch.no_grad():
                model(x)
            return model, (x,)
        except Exception:
            torch.manual_seed(0)
    model = quiet(get(name))
    channels, native = getattr(model, "in_channels", 3), tuple(getattr(model, "in_size", None) or (224, 224))
    if min(native) <= 64:
        return model, (picture(1, channels, *native),)
    return model, smallest(model, [(channels, 96, 128), (channels, 128, 128), (channels, *native)])


class Second(nn.Module):
    """A network whose second argument, a length or the number of a person, is a constant."""

    def __init__(self, network: nn.Module, number: torch.Tensor) -> None:
        super().__init__()
        self.network, self.number = network, number

    def forward(self, x: torch.Tensor) -> Any:
        return self.network(x, self.number)

"""python-doctr: classification, detection, recognition and layout; recognition returns the logits."""

from __future__ import annotations

import importlib

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

CLASSIFICATION = (
    *(
        "mobilenet_v3_small",
        "mobilenet_v3_large_r",
        "resnet18",
        "resnet31",
        "magc_resnet31",
        "vgg16_bn_r",
        "textnet_tiny",
    ),
    *("vip_tiny", "vit_s", "vit_det_s", "starnet_s3"),
)
DETECTION = "db_mobilenet_v3_large", "db_resnet34", "linknet_resnet18", "fast_tiny"
RECOGNITION = (
    "crnn_mobilenet_v3_small",
    "crnn_vgg16_bn",
    "sar_resnet31",
    "master",
    "vitstr_small",
    "parseq",
    "viptr_tiny",
)
LINE, PAGE = (1, 3, 32, 128), (1, 3, 128, 160)


def names() -> list[str]:
    return [*CLASSIFICATION, *DETECTION, *RECOGNITION, "tablecenternet", "lw_detr_s"]


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    models = importlib.import_module("doctr.models")
    torch.manual_seed(0)
    if name in RECOGNITION:
        model = getattr(models.recognition, name)(pretrained=False, pretrained_backbone=False, exportable=True)
        return quiet(model), (picture(*LINE),)
    if name in DETECTION:
        model = getattr(models.detection, name)(pretrained=False, pretrained_backbone=False, exportable=True)
        return quiet(model), (picture(*PAGE),)
    if name in CLASSIFICATION:
        side = (
            (1, 3, 512, 512)
            if "det" in name
            else (1, 3, 32, 32)
            if "vip" not in name and "vit" not in name
            else (1, 3, 32, 128)
        )
        settings = {"input_shape": side[1:]} if name == "vit_s" else {}
        return quiet(getattr(models.classification, name)(pretrained=False, **settings)), (picture(*side),)
    part = models.layout if name.startswith("lw") else models.table_structure
    model = getattr(part, name)(pretrained=False, pretrained_backbone=False, exportable=True)
    return quiet(model), (picture(1, 3, 256, 256),)

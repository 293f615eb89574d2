"""torchreid: one member of each architecture."""

from __future__ import annotations

import importlib

import torch
from torch import nn

from tests.sweep.packages.inputs import quiet, smallest

NAMES = (
    *("osnet_x0_25", "osnet_ibn_x1_0", "osnet_ain_x0_25", "shufflenet", "squeezenet1_1", "shufflenet_v2_x0_5", "hacnn"),
    *(
        "mobilenetv2_x1_0",
        "mudeep",
        "resnet18",
        "resnet50mid",
        "resnet50_ibn_a",
        "resnet50_ibn_b",
        "se_resnet50",
        "pcb_p4",
    ),
    *("densenet121", "nasnsetmobile", "mlfn", "xception", "inceptionv4", "inceptionresnetv2", "resnext50_32x4d"),
    *("resnet50_fc512", "se_resnext50_32x4d"),
)


def names() -> list[str]:
    return list(NAMES)


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    models = importlib.import_module("torchreid").models
    model = quiet(models.build_model(name, num_classes=10, pretrained=False))
    return model, smallest(model, [(3, 128, 64), (3, 160, 64), (3, 224, 224), (3, 256, 128)])

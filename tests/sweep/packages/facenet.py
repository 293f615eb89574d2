"""facenet-pytorch: the face network and the three of MTCNN."""

from __future__ import annotations

import importlib

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

SIDES = {"PNet": 40, "RNet": 24, "ONet": 48, "InceptionResnetV1": 160}


def names() -> list[str]:
    return list(SIDES)


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    package = importlib.import_module("facenet_pytorch")
    torch.manual_seed(0)
    part = package if name == "InceptionResnetV1" else importlib.import_module("facenet_pytorch.models.mtcnn")
    settings = {"pretrained": None, "classify": True, "num_classes": 10} if part is package else {"pretrained": False}
    return quiet(getattr(part, name)(**settings)), (picture(1, 3, SIDES[name], SIDES[name]),)

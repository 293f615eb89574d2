"""ultralytics: every version and every kind of head, from the package's own YAML files; whole, and without the head."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

NAMES = (
    *("yolov3-tiny", "yolov5n", "yolov6n", "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n"),
    *("yolov8n-seg", "yolov8n-pose", "yolov8n-obb", "yolov8n-cls", "yolov8n-ghost", "yolov8n-p2", "yolov8n-p6"),
    *("yolo11n-seg", "yolo11n-pose", "yolo11n-obb", "yolo11n-cls"),
    *("yolo26n-seg", "yolo26n-pose", "yolo26n-obb", "yolo26n-cls", "yolo26n-depth", "yolo26n-sem"),
    *("yolov8s-world", "yolov8s-worldv2", "yoloe-11s", "yoloe-11s-seg", "yolov8n-rtdetr", "rtdetr-l"),
)
HEADLESS = " without head"
SIDES = {True: (128, 192), False: (96, 128)}  # with -p6 or not: multiples of 64 or 32, and not equal
KINDS = (  # the part of a name that tells the class of the network
    *(
        ("-cls", "ClassificationModel"),
        ("-obb", "OBBModel"),
        ("-pose", "PoseModel"),
        ("-sem", "SemanticSegmentationModel"),
    ),
    *(("-depth", "DepthModel"), ("-world", "WorldModel"), ("rtdetr", "RTDETRDetectionModel")),
)


def names() -> Iterator[str]:
    """Each network twice: a classifier has no head that would be left out."""
    for name in NAMES:
        yield name
        if not any(part in name for part in ("-cls", "-world", "yoloe", "-sem", "-depth")):
            yield name + HEADLESS


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    whole = name.removesuffix(HEADLESS)
    tasks = importlib.import_module("ultralytics.nn.tasks")
    seg = "YOLOESegModel" if "yoloe" in whole else "SegmentationModel"
    kind = next(
        (k for part, k in (*KINDS, ("-seg", seg)) if part in whole),
        "YOLOEModel" if "yoloe" in whole else "DetectionModel",
    )
    torch.manual_seed(0)
    model = quiet(getattr(tasks, kind)(f"{whole}.yaml", ch=3, verbose=False))
    return (Headless(model) if name != whole else model), (picture(1, 3, *SIDES["-p6" in name]),)


class Headless(nn.Module):
    """The maps that the head would read, in its order."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.model
        self.save = model.save

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        kept: list[Any] = []
        for layer in self.model[:-1]:
            if layer.f != -1:
                x = kept[layer.f] if isinstance(layer.f, int) else [x if j == -1 else kept[j] for j in layer.f]
            x = layer(x)
            kept.append(x if layer.i in self.save else None)
        return [kept[index] for index in self.model[-1].f]

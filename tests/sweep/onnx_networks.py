"""The networks that are exported to ONNX, on inputs as small as they accept, and the exporters that write them.

torchvision: its classification networks. peers: the networks on which converters of others were measured.
packages:    transformers, segmentation networks, and detectors by ultralytics' own exporter, where installed.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from tests import zoo
from tests.end_to_end import peers
from tests.lively import make_lively
from tests.sweep import packages
from tests.sweep.classification import names as classification_networks
from tests.sweep.packages.inputs import quiet

SMALLEST = {  # height and width in pixels; 64 for what is not here
    "alexnet": 224,  # torch.onnx's older exporter writes adaptive pooling of even windows only
    "vgg": 224,
    "inception_v3": 96,
    "maxvit_t": 224,
    "vit_h_14": 56,
}
DETECTORS = ("yolov5nu", "yolov8n", "yolov8n-seg", "yolov8n-pose", "yolo11n")
SEGMENTATION = ("lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large", "fcn_resnet50")
OTHERS = (
    *(f"ultralytics/{name}" for name in DETECTORS),
    *(f"torchvision/{name}" for name in SEGMENTATION),
    *("transformers/ViTForImageClassification", "smp/Unet/resnet18"),
)
LARGE = (  # those that come last
    *("convnext", "densenet", "efficientnet", "maxvit", "swin", "vgg", "vit", "regnet", "resnext101", "wide"),
    *("convnext_b", "convnext_l", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_l"),
    *("swin_b", "swin_v2_b", "regnet_x_32gf", "regnet_y_16gf", "regnet_y_32gf", "vit_l", "vit_h", "regnet_y_128gf"),
)
FAMILIES = (  # one of each, which is exported at every opset
    *("alexnet", "vgg11_bn", "resnet18", "resnext50_32x4d", "squeezenet1_1", "densenet121", "googlenet"),
    *("inception_v3", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "regnet_y_400mf"),
    *("efficientnet_b0", "efficientnet_v2_s", "convnext_tiny", "vit_b_32", "swin_t", "swin_v2_t", "maxvit_t"),
)


class Export(NamedTuple):
    """An exporter and the opset that it is asked for; ultralytics chooses the opset itself, 0."""

    exporter: str
    opset: int

    def __str__(self) -> str:
        return f"{self.exporter} {self.opset}" if self.opset else self.exporter


TORCHSCRIPT, DYNAMO, ULTRALYTICS = "TorchScript", "dynamo", "ultralytics"
MAIN = (Export(TORCHSCRIPT, 17), Export(DYNAMO, 18))
OPSETS = {TORCHSCRIPT: (11, 13, 17, 18), DYNAMO: (18, 23)}  # dynamo keeps opset 18 if it is asked for an older one
EVERY = tuple(Export(exporter, opset) for exporter, opsets in OPSETS.items() for opset in opsets)


def networks(group: str) -> list[str]:
    """The names of a group, larger networks last."""
    if group == "torchvision":
        return sorted(classification_networks(), key=lambda name: sum(name.startswith(part) for part in LARGE))
    return list({"peers": peers.NAMES, "others": OTHERS, "families": FAMILIES}[group])


def side_of(name: str) -> int:
    """Height and width of a torchvision network's input."""
    return next((side for part, side in SMALLEST.items() if name.startswith(part)), 64)


def build(group: str, name: str) -> tuple[Any, tuple[torch.Tensor, ...]]:
    """A network in eval mode with lively weights, and its inputs. Of ultralytics: its YOLO object, which exports."""
    torch.manual_seed(0)
    package, _, inner = name.partition("/") if "/" in name else ("", "", name)
    if package == "ultralytics":
        return _detector(inner), (torch.rand(1, 3, 96, 128),)
    if package in packages.REQUIRED:
        model, inputs = packages.build(package, inner)
        return make_lively(model, *inputs, calibrate=True), inputs
    if group == "peers" and (name in peers.OWN or "transformed" in name):
        model, x = peers.network(name)
        return model, (x,)
    side = side_of(inner)
    settings = {"image_size": side} if inner.startswith("vit") else {}
    return _at(inner, side, settings), (torch.randn(1, 3, side, side),)


def _at(name: str, side: int, settings: dict[str, Any]) -> nn.Module:
    from pytorch2caffe.frontends.torch.loading.models import torchvision_models

    settings = {**zoo.SETTINGS.get(name, {}), **settings}
    if name in SEGMENTATION:
        settings["weights_backbone"] = None
    model = torchvision_models().get_model(name, weights=None, **settings)
    return make_lively(model, torch.randn(2, 3, side, side))


def _detector(name: str) -> Any:
    import ultralytics

    configuration = name.replace("yolov5nu", "yolov5n")
    detector = quiet(ultralytics.YOLO(f"{configuration}.yaml", verbose=False))
    make_lively(detector.model, torch.rand(1, 3, 96, 128), calibrate=True)
    return detector


def write(model: Any, inputs: tuple[torch.Tensor, ...], export: Export, path: Path) -> None:
    """Writes an ONNX file with an exporter. Raises whatever the exporter raises."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        if export.exporter == ULTRALYTICS:
            before = Path.cwd()
            os.chdir(path.parent)  # it writes beside the weights
            try:
                size = list(inputs[0].shape[2:])
                written = Path(model.export(format="onnx", imgsz=size, simplify=False, verbose=False)).resolve()
            finally:
                os.chdir(before)
            written.rename(path)
            return
        settings: dict[str, Any] = {"dynamo": export.exporter == DYNAMO, "opset_version": export.opset}
        torch.onnx.export(model, inputs, str(path), input_names=["x"] if len(inputs) == 1 else None, **settings)

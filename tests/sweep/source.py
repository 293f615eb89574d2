"""Where the cases come from: ModuleInfo and OpInfo of torch.testing, and torchvision.models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import nn

from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.frontends.torch.structure import tensors_in
from tests import zoo
from tests.sweep.case import Case, InPlace, call, seed, variants
from tests.sweep.samples import samples_of

SPELLINGS = 3  # of how many samples the method and the in-place form of a function are tried too
SIZES = {  # networks that are too big at their usual size: height and width that do
    "maxvit_t": 224,
    "vit_h_14": 56,
    "regnet_y_128gf": 64,
    "regnet_y_32gf": 64,
    "regnet_x_32gf": 64,
    "convnext_large": 64,
    "efficientnet_b5": 96,
    "efficientnet_b6": 96,
    "efficientnet_b7": 96,
    "efficientnet_v2_l": 96,
    "efficientnet_v2_m": 96,
    "swin_b": 224,
    "swin_v2_b": 256,
}
VIDEOS = ("mc3_18", "r2plus1d_18", "r3d_18", "s3d", "mvit_v1_b", "mvit_v2_s", "swin3d_b", "swin3d_s", "swin3d_t")
DETECTION = ("rcnn", "fcos", "retinanet", "ssd")


@cache
def modules() -> dict[str, Any]:
    """Name -> ModuleInfo."""
    from torch.testing._internal.common_modules import module_db

    return {info.name: info for info in module_db}


@cache
def functions() -> dict[str, Any]:
    """Name -> OpInfo, of those that take float tensors."""
    from torch.testing._internal.common_methods_invocations import op_db

    found = [op for op in op_db if op.supports_dtype(torch.float32, "cpu")]
    return {".".join(filter(None, (op.name, op.variant_test_name))): op for op in found}


@cache
def networks() -> tuple[str, ...]:
    """The networks of torchvision.models; the quantized ones are other programs, in integers."""
    return tuple(name for name in torchvision_models().list_models() if not name.startswith("quantized_"))


def names(kind: str) -> list[str]:
    """What there is of a kind."""
    return list({"modules": modules, "functions": functions, "torchvision": networks}[kind]())


def cases(kind: str, name: str) -> Iterator[Case]:
    """All the cases of one module, function or network, always the same."""
    seed()
    return {"modules": _of_module, "functions": _of_function, "torchvision": _of_network}[kind](name)


def _of_module(name: str) -> Iterator[Case]:
    info = modules()[name]
    settings = {"device": "cpu", "dtype": torch.float32, "requires_grad": False, "training": False}
    for index, sample in enumerate(info.module_inputs_func(info, **settings)):
        if sample.forward_input is None:
            continue
        made = sample.constructor_input
        module = _random(info.module_cls(*made.args, **made.kwargs).eval())
        yield from variants("modules", name, index, module, sample.forward_input.args, sample.forward_input.kwargs)


def _of_function(name: str) -> Iterator[Case]:
    op = functions()[name]
    for index, sample in enumerate(samples_of(op, torch.float32)):
        args = (sample.input, *sample.args)
        if not any(t.is_floating_point() for t in tensors_in((args, sample.kwargs))):
            continue
        yield from variants("functions", name, index, op.op, args, sample.kwargs)
        if index >= SPELLINGS or not isinstance(sample.input, torch.Tensor):
            continue
        if op.method_variant is not None and op.method_variant is not op.op:
            yield Case("functions", name, index, "method", *call(op.method_variant, args, sample.kwargs))
        if op.inplace_variant is not None and not sample.broadcasts_input:
            yield Case("functions", name, index, "in place", *call(InPlace(op.inplace_variant), args, sample.kwargs))


def _of_network(name: str) -> Iterator[Case]:
    if name.startswith("raft"):
        frames = tuple(torch.rand(1, 3, 128, 128) for _ in range(2))
        yield Case("torchvision", name, 0, "", _plain(name), frames)
    elif name in VIDEOS:
        side = 224 if name.startswith("mvit") else 64
        frames = 16 if name.startswith("mvit") else 14 if name == "s3d" else 8
        side = 224 if name == "s3d" else side
        yield Case("torchvision", name, 0, "", _random(_plain(name)), (torch.randn(1, 3, frames, side, side),))
    elif any(part in name for part in DETECTION):
        model = _random(_plain(name, weights_backbone=None)).backbone
        yield Case("torchvision", f"{name}.backbone", 0, "", model, (torch.randn(1, 3, 320, 320),))
    else:
        side = SIZES.get(name, zoo.size(name))
        settings = {"image_size": side} if name == "vit_h_14" else {}
        model = zoo.build(name, **settings) if name not in SIZES else _random(_plain(name, **settings))
        yield Case("torchvision", name, 0, "", model, (torch.randn(1, 3, side, side),))


def _plain(name: str, **settings: Any) -> nn.Module:
    return torchvision_models().get_model(name, weights=None, **settings).eval()


def _random(module: nn.Module) -> nn.Module:
    """Moves the weights off the ones and zeros that they begin with, and the statistics of normalisations too."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.is_floating_point() and not isinstance(parameter, nn.UninitializedParameter):
                parameter.add_(torch.randn_like(parameter), alpha=0.1 * float(parameter.abs().mean() or 1))
        for key, buffer in module.named_buffers():
            if key.endswith("running_mean") and not isinstance(buffer, nn.UninitializedBuffer):
                buffer.uniform_(-0.3, 0.3)
            elif key.endswith("running_var") and not isinstance(buffer, nn.UninitializedBuffer):
                buffer.uniform_(0.5, 1.5)
    return module

"""Preprocessing by name: the conventions of packages, of one of their networks, or of a Caffe file.

Sources: torchvision, references/classification/presets.py and the transforms of its weights; timm, data/constants.py
and its networks' pretrained_cfg; Caffe, the transform_param of a file, and models/bvlc_reference_caffenet for its
means; ultralytics, data/augment.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import caffe_proto

from ..errors import ConversionError
from .image_options import ImageOptions

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and standard deviation of RGB, 0..1
CROP = 224 / 256


def of_unit_range(mean: Any, std: Any, crop: float | None, interpolation: str) -> ImageOptions:
    """The options for RGB pixels of 0..1, as PyTorch's packages state them, for pixels of 0..255.

    interpolation: "bilinear" or "bicubic", of Pillow.
    """
    if interpolation not in ("bilinear", "bicubic"):
        raise ConversionError(
            f"it resizes with {interpolation}, which is not bilinear or bicubic: give --mean and --std"
        )
    means, norms = tuple(round(255 * value, 4) for value in mean), tuple(1 / (255 * value) for value in std)
    return ImageOptions(means, norms, "RGB", None, crop, interpolation=f"pillow-{interpolation}")


PRESETS = {
    "torchvision": of_unit_range(*IMAGENET, CROP, "bilinear"),
    "timm": of_unit_range(*IMAGENET, CROP, "bicubic"),
    "caffe": ImageOptions((104.0, 117.0, 123.0)),
    "yolo": ImageOptions((0.0,), (1 / 255,), "RGB", fit="letterbox"),
}
FORMS = f"{', '.join(PRESETS)}, torchvision:NAME, timm:NAME, FILE.prototxt, or TABLE.preprocess.json"


def is_preset(name: str) -> bool:
    """Whether `preset` knows what `name` means, which is not a preprocessing file then."""
    return name in PRESETS or name.startswith(("torchvision:", "timm:")) or name.endswith(".prototxt")


def preset(name: str) -> ImageOptions:
    """The preprocessing that a name stands for.

    torchvision, timm: ImageNet's mean and deviation, RGB, and the centre of 7/8 of the shorter side, resized as these
    packages do. caffe: BGR minus 104, 117, 123. yolo: RGB in 0..1, letterboxed with 114. torchvision:NAME, timm:NAME:
    what the weights of this network were trained with. FILE.prototxt: its transform_param.

    Raises ConversionError for a network or file that says nothing.
    """
    if name in PRESETS:
        return PRESETS[name]
    if name.endswith(".prototxt"):
        return _of_prototxt(name)
    package, _, network = name.partition(":")
    return (_of_torchvision if package == "torchvision" else _of_timm)(re.sub(r"\(.*", "", network))


def _of_torchvision(network: str) -> ImageOptions:
    from ..frontends.torch.loading.torchvision_models import torchvision_models

    try:
        weights = torchvision_models().get_model_weights(network).DEFAULT
    except (ValueError, AttributeError) as error:
        raise ConversionError(f"torchvision has no weights of {network!r}, and so no preprocessing of them") from error
    transforms = weights.transforms()
    if not hasattr(transforms, "mean"):
        raise ConversionError(f"torchvision:{network}: its transforms have no mean: give --mean and --std")
    crop = transforms.crop_size[0] / transforms.resize_size[0]
    return of_unit_range(transforms.mean, transforms.std, crop, transforms.interpolation.value)


def _of_timm(network: str) -> ImageOptions:
    from ..frontends.torch.loading.libraries import package

    config = package("timm").models.get_pretrained_cfg(network)
    if config is None:
        raise ConversionError(f"timm has no weights of {network!r}, and so no preprocessing of them")
    options = of_unit_range(config.mean, config.std, config.crop_pct, config.interpolation)
    if config.crop_mode == "border":
        raise ConversionError(
            f"timm:{network} borders images before it crops them: give --mean, --std and --fit letterbox"
        )
    return replace(options, both=config.crop_mode == "squash")


def _of_prototxt(path: str) -> ImageOptions:
    net = caffe_proto.read_prototxt(path).net
    found = [layer.transform_param for layer in net.layer if layer.HasField("transform_param")]
    if not found:
        raise ConversionError(f"{path} has no transform_param: give --mean and --norm")
    first = found[0]
    if first.mean_file:
        raise ConversionError(
            f"{path}: its mean is the image {first.mean_file}: give the mean of each channel of that image with --mean"
        )
    return ImageOptions(tuple(first.mean_value) or (0.0,), (first.scale,))

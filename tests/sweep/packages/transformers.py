"""transformers: every vision model, from its own configuration class, with fewer layers and a small picture."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

TASKS = (  # the first that has a model of this type is taken
    *(
        "IMAGE_CLASSIFICATION",
        "SEMANTIC_SEGMENTATION",
        "OBJECT_DETECTION",
        "DEPTH_ESTIMATION",
        "UNIVERSAL_SEGMENTATION",
    ),
    *("IMAGE_TO_IMAGE", "IMAGE_MATTING", "KEYPOINT_DETECTION", "VIDEO_CLASSIFICATION", "IMAGE"),
)
BACKBONES = "MODEL_FOR_BACKBONE_MAPPING_NAMES"
TOWERS = {  # vision towers of models of text and pictures
    "CLIPVisionModelWithProjection": "CLIPVisionConfig",
    "SiglipVisionModel": "SiglipVisionConfig",
    "BlipVisionModel": "BlipVisionConfig",
    "AltCLIPVisionModel": "AltCLIPVisionConfig",
    "ChineseCLIPVisionModel": "ChineseCLIPVisionConfig",
    "CLIPSegVisionModel": "CLIPSegVisionConfig",
    "AlignVisionModel": "AlignVisionConfig",
    "Owlv2VisionModel": "Owlv2VisionConfig",
    "SamVisionModel": "SamVisionConfig",
    "PvtV2Backbone": "PvtV2Config",
    "VitPoseForPoseEstimation": "VitPoseConfig",
}
FRAMES, SIDE = 4, 64
FEWER = {  # settings that only repeat a block
    **dict.fromkeys(
        ("num_hidden_layers", "encoder_layers", "decoder_layers", "num_layers", "decoder_num_hidden_layers"), 2
    ),
    "num_frames": FRAMES,
}
PICTURE = {"image_size": SIDE}
VIDEOS = "Timesformer", "Vivit"


def _mappings() -> Any:
    return importlib.import_module("transformers.models.auto.modeling_auto")


def _classes() -> dict[str, str]:
    """Model class -> the type of its configuration."""
    types: dict[str, str] = {}
    for task in TASKS:
        names = "MODEL_FOR_IMAGE_MAPPING_NAMES" if task == "IMAGE" else f"MODEL_FOR_{task}_MAPPING_NAMES"
        for kind, found in getattr(_mappings(), names).items():
            first = found if isinstance(found, str) else found[0]
            if task not in TASKS[5:] or kind not in types.values():
                types.setdefault(first, kind)
    for kind, name in getattr(_mappings(), BACKBONES).items():
        if kind not in types.values():
            types.setdefault(name, kind)
    return types


def names() -> Iterator[str]:
    yield from _classes()
    yield from (name for name in TOWERS if name not in _classes())


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """The smallest of the variants that runs; the last one is not tried."""
    for smaller in ({**FEWER, **PICTURE}, FEWER, PICTURE):
        try:
            model, inputs = _variant(name, smaller)
            with torch.no_grad():
                model(*inputs)
        except Exception:
            continue
        return model, inputs
    return _variant(name, {})


def _variant(name: str, smaller: dict[str, Any]) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    package = importlib.import_module("transformers")
    kind = _classes().get(name)
    auto = importlib.import_module("transformers.models.auto.configuration_auto")
    config = small(getattr(package, TOWERS[name]) if kind is None else auto.CONFIG_MAPPING[kind], smaller)
    torch.manual_seed(0)
    model = quiet(getattr(package, name)(config))
    height, width = _sides(config)
    channels = getattr(config, "num_channels", 3)
    frames = [getattr(config, "num_frames", FRAMES)] if "Video" in name or name.startswith(VIDEOS) else []
    return model, (picture(1, *frames, channels if isinstance(channels, int) else 3, height, width),)


def small(kind: Any, smaller: dict[str, Any]) -> Any:
    """A configuration of this class with its own values, those of `smaller` where it has such a setting."""
    own = kind()
    settings = {key: value for key, value in smaller.items() if isinstance(getattr(own, key, None), int)}
    patch = _sizes(getattr(own, "patch_size", 0) or 16)[0]
    if "image_size" in settings and SIDE % patch:
        settings["image_size"] = 4 * patch
    if "num_hidden_layers" in smaller and isinstance(getattr(own, "depths", None), (list, tuple)):
        settings["depths"] = [1] * len(own.depths)
    if "num_hidden_layers" in settings and getattr(own, "out_indices", None) and not hasattr(own, "depths"):
        settings["out_indices"] = [2]
    return kind(**settings)


def _sizes(size: Any) -> tuple[int, int]:
    return tuple(size)[-2:] if isinstance(size, (list, tuple)) else (size, size)


def _sides(config: Any) -> tuple[int, int]:
    """Height and width of the picture that a configuration, or its backbone's, expects."""
    for part in (config, *(getattr(config, key, None) for key in ("vision_config", "backbone_config"))):
        if isinstance(size := getattr(part, "image_size", None), (int, list, tuple)):
            return _sizes(size)
    return 2 * SIDE, 2 * SIDE

"""Networks that others wrote, by package: what there is where the package is installed, and how each is built.

A package is a file here with `names()`, smaller networks first, and `build(name)`, which returns a network in eval mode
and its inputs. Nothing is downloaded: all weights are random.
"""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn

from tests.sweep.packages.loading import prepare

REQUIRED = {  # the module that must be importable
    "timm": "timm",
    "pytorchcv": "pytorchcv.model_provider",
    "smp": "segmentation_models_pytorch",
    "ultralytics": "ultralytics",
    "transformers": "transformers",
    "basicsr": "basicsr.archs",
    "kornia": "kornia.feature",
    "doctr": "doctr.models",
    "torchreid": "torchreid",
    "monai": "monai.networks.nets",
    "facenet": "facenet_pytorch",
    "torchaudio": "torchaudio.models",
}


def _module(package: str) -> Any:
    return importlib.import_module(f"tests.sweep.packages.{package}")


def names(package: str) -> list[str]:
    """The networks of a package that are tried; none where it is not installed."""
    prepare()
    try:
        importlib.import_module(REQUIRED[package])
    except ImportError:
        return []
    return list(_module(package).names())


def build(package: str, name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    """A network in eval mode, and inputs for it."""
    prepare()
    return _module(package).build(name)

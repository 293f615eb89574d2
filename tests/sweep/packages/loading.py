"""Makes packages importable that expect another torchvision or torchaudio than the one installed."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
import warnings
from functools import cache
from pathlib import Path

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "YOLO_OFFLINE": "1", "USE_TORCH": "1"}


@cache
def prepare() -> None:
    """To be called before any of the packages is imported."""
    os.environ.update(OFFLINE)
    warnings.simplefilter("ignore")
    try:
        torchvision_models()
    except ConversionError:
        return
    _functional_tensor()
    _torchaudio()


def _functional_tensor() -> None:
    """torchvision.transforms.functional_tensor became private in torchvision 0.17; basicsr imports it."""
    name = "torchvision.transforms.functional_tensor"
    module = types.ModuleType(name)
    module.rgb_to_grayscale = importlib.import_module("torchvision.transforms._functional_tensor").rgb_to_grayscale  # type: ignore[attr-defined]
    sys.modules[name] = module


def _torchaudio() -> None:
    """torchaudio.models needs no compiled part, but torchaudio loads its own when it is imported."""
    if "torchaudio" in sys.modules or not (found := importlib.util.find_spec("torchaudio")) or not found.origin:
        return
    module = types.ModuleType("torchaudio")
    module.__path__, module.__spec__ = [str(Path(found.origin).parent)], found
    sys.modules["torchaudio"] = module

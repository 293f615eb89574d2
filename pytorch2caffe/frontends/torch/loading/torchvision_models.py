"""torchvision.models, if torchvision is installed."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch

from ....errors import ConversionError, missing_package


def torchvision_models() -> Any:
    """The module torchvision.models, also if torchvision was built for a different torch than the one installed.

    torchvision registers compiled operators for detection when it is imported. Its classification models need none
    of them, so if the compiled part does not load, declaring the operators is enough.

    Raises ConversionError if torchvision, or a package that it needs, is not installed.
    """
    try:
        return importlib.import_module("torchvision.models")
    except ModuleNotFoundError as error:
        raise ConversionError(missing_package(error, "torchvision")) from error
    except RuntimeError:
        _declare_operators()
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        return importlib.import_module("torchvision.models")


_LIBRARY: list[Any] = []
_OPERATORS = ["nms", "qnms", "roi_align", "qroi_align", "ps_roi_align", "roi_pool", "ps_roi_pool", "deform_conv2d"]


def _declare_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in _OPERATORS:
        for full in (name, f"_{name}_backward"):
            if not hasattr(torch.ops.torchvision, full):
                library.define(f"{full}(Tensor a) -> Tensor")
    _LIBRARY.append(library)  # its definitions end with its lifetime

"""As much of the tensorflow package as reading needs: its protobuf messages and its checkpoint reader."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from ...errors import ConversionError

INSTALL = "TensorFlow is not installed: pip install 'pytorch2caffe[tensorflow]'"


def tensorflow(module: str) -> Any:
    """A module of TensorFlow. Raises ConversionError that names the package to install if it is missing.

    All of `import tensorflow` takes seconds and 600 MB, messages alone milliseconds. So unless it is
    already imported, its `__init__` is not run: an empty package replaces it meanwhile. A later import is complete.
    """
    if module in sys.modules:
        return sys.modules[module]
    if "tensorflow" in sys.modules:
        return _import(module)
    found = importlib.util.find_spec("tensorflow")
    if found is None or found.submodule_search_locations is None:
        raise ConversionError(INSTALL)
    package = ModuleType("tensorflow")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["tensorflow"] = package
    try:
        return _import(module)
    finally:
        del sys.modules["tensorflow"]


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConversionError(f"{INSTALL} ({error})") from error

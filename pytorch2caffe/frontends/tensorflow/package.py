"""The real TensorFlow, as much of it as reading needs: its protobuf messages and its reader of checkpoints."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from ...errors import ConversionError

INSTALL = "TensorFlow is not installed: pip install 'pytorch2caffe[tensorflow]'"


def tensorflow(module: str) -> Any:
    """A module of TensorFlow. Raises ConversionError, saying what to install, if it is missing.

    All of `import tensorflow` takes seconds and 600 MB, messages alone milliseconds. So unless somebody has imported
    it, its `__init__` is not run: an empty package stands for it meanwhile. Who imports it later gets all of it.
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

"""As much of the tensorflow package as reading needs: its protobuf messages and its checkpoint reader."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ...errors import ConversionError

INSTALL = "TensorFlow is not installed: pip install 'pytorch2caffe[tensorflow]'"

_LOG_LINE = re.compile(rb"[IWE]\d{4} \d\d:|\d{4}-\d\d-\d\d \d\d:.*: [IWE] |WARNING: All log messages before absl")


@contextmanager
def without_log_lines() -> Iterator[None]:
    """A scope for imports, whose log lines TensorFlow writes to stderr before it obeys TF_CPP_MIN_LOG_LEVEL.

    They are left out if that variable is 3 and nothing is raised; what else is written appears after the scope.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            kept.seek(0)
            for line in kept:
                if failed or not _LOG_LINE.match(line):
                    os.write(2, line)


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
        with without_log_lines():
            return importlib.import_module(module)
    except ImportError as error:
        raise ConversionError(f"{INSTALL} ({error})") from error

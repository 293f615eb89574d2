"""What can run a network's files, by name. Adding one: a file here and a line in RUNTIMES.

>>> names()
('builtin', 'caffe', 'opencv', 'ncnn')
"""

from __future__ import annotations

import importlib
from functools import cache

from ...errors import ConversionError
from .base import Results, Runtime, RuntimeFailed, RuntimeUnavailable

__all__ = ["Results", "Runtime", "RuntimeFailed", "RuntimeUnavailable", "get", "names"]

RUNTIMES = {"builtin": "BuiltinRuntime", "caffe": "CaffeRuntime", "opencv": "OpenCVRuntime", "ncnn": "NcnnRuntime"}


def names() -> tuple[str, ...]:
    """The runtimes there are, installed or not."""
    return tuple(RUNTIMES)


def get(name: str, caffe_python: str | None = None) -> Runtime:
    """The runtime called `name`; the same object for the same arguments, so Caffe is started once.

    caffe_python: for "caffe", the command that starts a Python with pycaffe; see CaffeRuntime.

    Raises ConversionError if there is no such runtime. Whether it can be used, its `unavailable()` says.
    """
    if name not in RUNTIMES:
        raise ConversionError(f"there is no runtime {name!r}; there are {', '.join(RUNTIMES)}")
    return _made(name, caffe_python)


@cache
def _made(name: str, caffe_python: str | None) -> Runtime:
    make = getattr(importlib.import_module(f".{name}", __package__), RUNTIMES[name])
    return make(caffe_python) if name == "caffe" else make()

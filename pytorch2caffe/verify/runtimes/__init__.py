"""The runtimes that can run a network's files, by name.

enters: a prototxt (for ncnn also a .param), its weights and input arrays. leaves: the array of every blob.

Start with base.py. To add a runtime, add a file with a subclass of Runtime and a line in RUNTIMES. Caffe runs in a
process of its own: caffe.py finds a Python with pycaffe, worker.py sends requests, process.py handles the pipes, and
verify/caffe_worker.py (at the top of the repository) answers; so does MNN, where mnn_worker.py answers.

>>> names()
('builtin', 'caffe', 'opencv', 'ncnn', 'mnn')
"""

from __future__ import annotations

import importlib
from functools import cache

from ...errors import ConversionError
from .base import Results, Runtime, RuntimeFailed, RuntimeUnavailable

__all__ = ["Results", "Runtime", "RuntimeFailed", "RuntimeUnavailable", "get", "names"]

RUNTIMES = {
    "builtin": "BuiltinRuntime",
    "caffe": "CaffeRuntime",
    "opencv": "OpenCVRuntime",
    "ncnn": "NcnnRuntime",
    "mnn": "MnnRuntime",
}


def names() -> tuple[str, ...]:
    """The names of all runtimes, installed or not."""
    return tuple(RUNTIMES)


def get(name: str, caffe_python: str | None = None) -> Runtime:
    """The runtime called `name`; the same object for the same arguments, so that Caffe is started once.

    caffe_python: for "caffe", the command that starts a Python with pycaffe; see CaffeRuntime.

    Raises ConversionError if there is no such runtime. Call `unavailable()` to find out whether it can be used.
    """
    if name not in RUNTIMES:
        raise ConversionError(f"there is no runtime {name!r}\n  fix: use {', '.join(RUNTIMES)}")
    return _create(name, caffe_python)


@cache
def _create(name: str, caffe_python: str | None) -> Runtime:
    create = getattr(importlib.import_module(f".{name}", __package__), RUNTIMES[name])
    return create(caffe_python) if name == "caffe" else create()

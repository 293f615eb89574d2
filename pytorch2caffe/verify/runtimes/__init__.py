"""The runtimes that can run a network's files, by name.

enters: a prototxt (for ncnn also a .param), its weights and input arrays. leaves: the array of every blob.

Start with base.py. To add a runtime, add a file with a subclass of Runtime and a line in RUNTIMES. Caffe runs in a
process of its own: caffe.py finds a Python with pycaffe, worker.py sends requests, process.py handles the pipes, and
verify/caffe_worker.py (at the top of the repository) answers. So do consumers with a converter of their own (MNN,
OpenVINO, coremltools): converter.py asks, converter_worker.py answers.

>>> names()
('builtin', 'caffe', 'opencv', 'ncnn', 'mnn', 'openvino', 'coreml', 'caffe2ncnn')
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
    "openvino": "OpenvinoRuntime",
    "coreml": "CoremlRuntime",
    "caffe2ncnn": "Caffe2NcnnRuntime",
}
ELSEWHERE = ("caffe", "openvino", "coreml", "caffe2ncnn")  # a command starts them: of another Python, or a program


def names() -> tuple[str, ...]:
    """The names of all runtimes, installed or not."""
    return tuple(RUNTIMES)


def get(name: str, command: str | None = None) -> Runtime:
    """The runtime called `name`; the same object for the same arguments, so that Caffe is started once.

    command: for one of ELSEWHERE, what starts its Python or is its program, if not the one that it finds by itself.

    Raises ConversionError if there is no such runtime. Call `unavailable()` to find out whether it can be used.
    """
    if name not in RUNTIMES:
        raise ConversionError(f"there is no runtime {name!r}\n  fix: use {', '.join(RUNTIMES)}")
    return _create(name, command if name in ELSEWHERE else None)


@cache
def _create(name: str, command: str | None) -> Runtime:
    create = getattr(importlib.import_module(f".{name}", __package__), RUNTIMES[name])
    return create(command) if name in ELSEWHERE else create()

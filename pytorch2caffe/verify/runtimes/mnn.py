"""MNN: converts Caffe files with its own converter and runs the result, in a process of its own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path

import numpy as np

from ...errors import ConversionError
from .base import Results, Runtime, only_caffemodel
from .caffe import map_file
from .mnn_worker import END_OF_OUTPUT
from .process import WorkerProcess
from .tops import unread_tops
from .worker import CaffeWorker

INSTALL_HINT = 'install MNN: pip install "pytorch2caffe[mnn]"'
PROGRESS = ("Start to", "inputTensors", "outputTensors", "MNN use", "The device", "Converted Success")


class MnnWorker(CaffeWorker):
    """MNN in a process of its own, which is started at the first request and restarted if it has ended."""

    title, module = "MNN", "MNN"

    def source(self) -> str:
        """Starts mnn_worker.py of this package, with the modules that this process finds."""
        return f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.mnn_worker import main; main()"

    def explanation(self, process: WorkerProcess) -> str:
        """What MNN has printed about the request that failed."""
        lines = process.lines_until(END_OF_OUTPUT)
        return "".join(f"\n{line}" for line in lines if line and not line.startswith(PROGRESS))


class MnnRuntime(Runtime):
    """The Python package MNN, on one CPU thread, in float32.

    It returns outputs only: its converter joins layers, so that the inner blobs of the file do not exist in MNN. An
    output has Caffe's shape; MNN gives that of an InnerProduct two axes of size 1 more.
    """

    name = "mnn"
    only_outputs = True

    def __init__(self) -> None:
        self._worker = MnnWorker([sys.executable])

    def unavailable(self) -> str | None:
        """None if the package is installed; otherwise what to install."""
        return None if importlib.util.find_spec("MNN") else f"No module named 'MNN'; {INSTALL_HINT}"

    def close(self) -> None:
        """Ends MNN's process; the next run starts a new one."""
        self._worker.close()

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        caffemodel = only_caffemodel(caffemodels, "MNN")
        text = prototxt.read_text(encoding="utf-8")
        results = self._worker.run(text, [map_file(caffemodel)], inputs)
        arrays, shapes = {name: array for (name, _), array in results.items()}, _shapes(prototxt)
        found = {}
        for layer, top in unread_tops(text):
            name = top if top in arrays else layer  # MNN renames the top of a layer that works in place
            if name in arrays and (wanted is None or top in wanted):
                found[layer, top] = _in_shape(arrays[name], shapes.get(top))
        return found


def _shapes(prototxt: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each blob in Caffe, by name; none if this package does not know a layer of the file."""
    from ...frontends.caffe.reader import load_caffe

    try:
        nodes = load_caffe(prototxt).nodes
    except ConversionError:
        return {}
    return {value.top or value.name: value.shape for node in nodes for value in node.outputs}


def _in_shape(array: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    return array if shape is None or array.size != prod(shape) else array.reshape(shape)

"""Runtimes that convert Caffe files with their own converter and run the result, in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path

import numpy as np

from ...errors import ConversionError
from . import converter_worker
from .base import Results, Runtime, RuntimeUnavailable, only_caffemodel
from .caffe import map_file
from .process import WorkerProcess
from .tops import unread_tops
from .worker import CaffeWorker


class ConverterWorker(CaffeWorker):
    """A consumer in a process of its own, which is started at the first request and restarted if it has ended.

    command:  the Python that has the consumer. here: whether it is this one, whose modules it is to find.
    progress: the beginnings of lines that the converter prints when nothing is wrong.
    """

    def __init__(
        self,
        consumer: str,
        title: str,
        module: str,
        command: list[str],
        here: bool = False,
        progress: tuple[str, ...] = (),
    ) -> None:
        super().__init__(command)
        self.consumer, self.title, self.module = consumer, title, module
        self.here, self.progress = here, progress

    def source(self) -> str:
        """Starts converter_worker.py; its first line must stay the first for `from __future__`."""
        text = Path(converter_worker.__file__).read_text(encoding="utf-8")
        folders = repr(sys.path) if self.here else "[path for path in sys.path if path]"  # never the current one
        setup = f"import sys; sys.path[:] = {folders}\n"
        code = f"exec(compile({text!r}, 'converter_worker.py', 'exec')); main({self.consumer!r})"
        return setup + code

    def explanation(self, process: WorkerProcess) -> str:
        """What the converter has printed about the request that failed."""
        lines = process.lines_until(converter_worker.END_OF_OUTPUT)
        return "".join(f"\n{line}" for line in lines if line and not line.startswith(self.progress or "\0"))


class ConverterRuntime(Runtime):
    """A consumer with a converter of its own, on one CPU thread, in float32.

    It returns outputs only: a converter joins layers, so that the inner blobs of the file do not exist afterwards. An
    output has Caffe's shape.
    """

    only_outputs = True
    worker: ConverterWorker | None  # None: `install_hint` tells how to have one
    install_hint: str

    def unavailable(self) -> str | None:
        """None if the consumer can be started; otherwise why not, and what to install."""
        if self.worker is None:
            return self.install_hint
        try:
            self.worker.start()
        except RuntimeUnavailable as error:
            return f"{error}; {self.install_hint}"
        return None

    def close(self) -> None:
        """Ends the process; the next run starts a new one."""
        if self.worker:
            self.worker.close()

    def outputs(self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray]) -> Results:
        """The outputs of the converted network, with the consumer's names and shapes: all that a user gets.

        The inputs must be contiguous float32 arrays, and the consumer available. Returns {(output, name): array}: an
        output that has several names is there with each of them. Raises RuntimeFailed.
        """
        assert self.worker
        caffemodel = only_caffemodel(caffemodels, self.worker.title)
        return self.worker.run(prototxt.read_text(encoding="utf-8"), [map_file(caffemodel)], inputs)

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        arrays = {name: array for (_, name), array in self.outputs(prototxt, caffemodels, inputs).items()}
        found, shapes = {}, shapes_in_caffe(prototxt)
        for layer, top in unread_tops(prototxt.read_text(encoding="utf-8")):
            name = top if top in arrays else layer  # MNN renames the top of a layer that works in place
            if name in arrays and (wanted is None or top in wanted):
                found[layer, top] = in_shape(arrays[name], shapes.get(top))
        return found


def shapes_in_caffe(prototxt: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each blob in Caffe, by name; none if this package does not know a layer of the file."""
    from ...frontends.caffe.reader import load_caffe

    try:
        nodes = load_caffe(prototxt).nodes
    except ConversionError:
        return {}
    return {value.top or value.name: value.shape for node in nodes for value in node.outputs}


def in_shape(array: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    return array if shape is None or array.size != prod(shape) else array.reshape(shape)

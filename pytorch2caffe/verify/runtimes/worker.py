"""The client of verify/caffe_worker.py, which runs BVLC Caffe in another process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from .base import Results, RuntimeFailed, RuntimeUnavailable
from .process import INVALID, Message, Section, WorkerProcess

THIS_FILE = Path(__file__).resolve()
WORKER_FILES = (THIS_FILE.parents[1] / "caffe_worker.py", THIS_FILE.parents[3] / "verify" / "caffe_worker.py")


class CaffeWorker:
    """BVLC Caffe in a process of its own, which is started at the first request and restarted if it has ended.

    command:       the command of a Python with pycaffe and numpy, such as ["chroot", "ROOT", "python3"].
    start_timeout: the most seconds for importing caffe.
    timeout:       the most seconds for a request.
    title, module: how messages name it, and what its Python must have. source: what the process runs.
    networks_run:  number of networks that were sent to it.

    Every method raises RuntimeUnavailable if the process cannot be started, and RuntimeFailed with the last lines of
    Caffe's output if it reports an error, aborts or takes too long.
    """

    title, module = "Caffe", "pycaffe"

    def __init__(self, command: Sequence[str], *, start_timeout: float = 120, timeout: float = 600) -> None:
        self.command = list(command)
        self.start_timeout = start_timeout
        self.timeout = timeout
        self.greeting: dict[str, Any] = {}
        self.networks_run = 0
        self._process: WorkerProcess | None = None
        self._lock = threading.Lock()

    def start(self) -> dict[str, Any]:
        """Starts the process unless it is running. Returns its greeting, {"caffe": version, "python": version}."""
        with self._lock:
            self._running_process()
        return self.greeting

    @property
    def pid(self) -> int | None:
        """The process id of the running process, or None."""
        return self._process.pid if self._process else None

    def source(self) -> str:
        """The Python text that the process runs."""
        return worker_source()

    def explanation(self, process: WorkerProcess) -> str:
        """What to add to the error of a request."""
        return ""

    def layer_types(self) -> list[str]:
        """The layer types that this Caffe has."""
        reply, _ = self._request({"do": "layer_types"})
        with self._reading():
            return list(map(str, reply["types"]))

    def run(
        self,
        prototxt: str,
        caffemodels: Section | Sequence[Section],
        inputs: Mapping[str, np.ndarray],
        *,
        only_outputs: bool = False,
        wanted: Collection[str] | None = None,
    ) -> Results:
        """Runs a network. Returns each top right after its layer, without inputs and the Splits that Caffe inserts.

        prototxt:     the text of the network.
        caffemodels:  the bytes of the caffemodel, or of its shards in order; empty for a network without weights.
        inputs:       name of the input blob -> array, whose shape replaces that in the prototxt.
        only_outputs: return only blobs that no later layer reads.
        wanted:       the tops to return; all unless given.
        """
        self.networks_run += 1
        request = {"do": "run", "inputs": list(inputs), "only_outputs": only_outputs}
        request["wanted"] = None if wanted is None else sorted(wanted)
        files = _as_list(caffemodels)
        request["caffemodels"] = len(files)
        reply, sections = self._request(request, [prototxt.encode(), *files], inputs.values())
        with self._reading():
            keys = [(str(layer), str(top)) for layer, top in reply["results"]]
            shapes = [tuple(map(index, shape)) for shape in reply["shapes"]]
            arrays = [np.frombuffer(data, "<f4").reshape(shape) for data, shape in zip(sections, shapes, strict=True)]
            if duplicates := [layer for (layer, _), count in Counter(keys).items() if count > 1]:
                raise RuntimeFailed(f"more than one layer has the name {', '.join(duplicates)}")
            return dict(zip(keys, arrays, strict=True))

    def time(
        self,
        prototxt: str,
        caffemodels: Section | Sequence[Section],
        inputs: Mapping[str, np.ndarray],
        *,
        repeat: int = 3,
    ) -> list[tuple[str, str, float]]:
        """(layer, type, seconds) of each layer in the fastest of `repeat` forward passes, after a warm-up pass."""
        files = _as_list(caffemodels)
        request = {"do": "time", "inputs": list(inputs), "repeat": repeat, "caffemodels": len(files)}
        reply, _ = self._request(request, [prototxt.encode(), *files], inputs.values())
        with self._reading():
            fastest = min(reply["seconds"], key=sum)
            return [(name, type, seconds) for (name, type), seconds in zip(reply["layers"], fastest, strict=True)]

    def weights(
        self, prototxt: str, blobs: Mapping[tuple[str, int], np.ndarray] | None = None, *, seed: int = 0
    ) -> bytes:
        """A caffemodel saved by Caffe, with random weights, except `blobs`, {(layer, index): array}."""
        blobs = blobs or {}
        request = {"do": "weights", "seed": seed, "blobs": list(blobs)}
        _, sections = self._request(request, [prototxt.encode()], blobs.values())
        with self._reading():
            return bytes(sections[0])

    def close(self) -> None:
        """Ends the process. The next request starts a new one."""
        if self._process:
            self._process.close()
        self._process = None

    def _request(
        self, header: dict[str, Any], sections: Sequence[Section] = (), arrays: Iterable[np.ndarray] = ()
    ) -> Message:
        arrays = [np.require(array, "<f4", "C") for array in arrays]
        header = {**header, "shapes": [array.shape for array in arrays]}
        with self._lock:
            process = self._running_process()
            try:
                reply, data = process.ask(header, [*sections, *(array.data for array in arrays)], self.timeout)
            except BaseException:  # the pipes may contain the rest of a message
                self.close()
                raise
        if "error" in reply:
            raise RuntimeFailed(f"{self.title}: {reply['error']}{self.explanation(process)}")
        return reply, data

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The boundary of replies: one that is not as it should be is a failure of the runtime."""
        try:
            yield
        except (*INVALID, MemoryError) as error:
            self.close()
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise RuntimeFailed(f"{self.title} sent a reply that cannot be read: {reason}") from error

    def _running_process(self) -> WorkerProcess:
        if self._process is None or self._process.has_ended():
            self._process = WorkerProcess(self.command, self.source(), self.module)
            try:
                self.greeting = self._process.greet(self.start_timeout)
            except BaseException:
                self.close()
                raise
        return self._process


def _as_list(caffemodels: Section | Sequence[Section]) -> list[Section]:
    return [caffemodels] if isinstance(caffemodels, (bytes, memoryview)) else list(caffemodels)


def worker_source() -> str:
    """The text of verify/caffe_worker.py, which is beside this package in a checkout and inside it if installed."""
    for path in WORKER_FILES:
        if path.exists():
            return path.read_text()
    raise RuntimeUnavailable(f"verify/caffe_worker.py is missing from this installation (not found in {WORKER_FILES})")

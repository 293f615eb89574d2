"""Real Caffe in another process: the near end of verify/caffe_worker.py."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .base import Results, RuntimeFailed, RuntimeUnavailable
from .process import Message, Process, Section

HERE = Path(__file__).resolve()
PLACES = (HERE.parents[1] / "caffe_worker.py", HERE.parents[3] / "verify" / "caffe_worker.py")


class CaffeWorker:
    """Real Caffe in a process of its own, started at the first request and again after it died.

    command:       how to start a Python that has pycaffe and numpy: ["chroot", "ROOT", "python3"].
    start_timeout: seconds it may take to import caffe.
    timeout:       seconds it may take for one request.
    networks_run:  how many networks it was asked to run.

    Every method raises RuntimeUnavailable if it cannot be started, and RuntimeFailed with Caffe's last lines
    if Caffe refuses, aborts or takes too long.
    """

    def __init__(self, command: Sequence[str], *, start_timeout: float = 120, timeout: float = 600) -> None:
        self.command = list(command)
        self.start_timeout = start_timeout
        self.timeout = timeout
        self.greeting: dict[str, Any] = {}
        self.networks_run = 0
        self._process: Process | None = None
        self._lock = threading.Lock()

    def start(self) -> dict[str, Any]:
        """Starts it if it is not running. Returns its greeting: {"caffe": version, "python": version}."""
        with self._lock:
            self._started()
        return self.greeting

    @property
    def pid(self) -> int | None:
        """The process of Caffe that runs now, if one does."""
        return self._process.pid if self._process else None

    def layer_types(self) -> list[str]:
        """The names of the layer types this Caffe has."""
        return self._request({"do": "layer_types"})[0]["types"]

    def run(
        self,
        prototxt: str,
        caffemodels: Section | Sequence[Section],
        inputs: Mapping[str, np.ndarray],
        *,
        only_outputs: bool = False,
        wanted: Collection[str] | None = None,
    ) -> Results:
        """What every layer computes, read right after it ran; without inputs and the Splits Caffe inserts.

        prototxt:     the network's text.
        caffemodels:  the file's bytes, or those of several, taken in this order; empty for a network without weights.
        inputs:       input blob -> array; its shape replaces the one in the prototxt.
        only_outputs: leave out blobs that a later layer reads.
        wanted:       leave out tops of other names.
        """
        self.networks_run += 1
        request = {"do": "run", "inputs": list(inputs), "only_outputs": only_outputs}
        request["wanted"] = None if wanted is None else sorted(wanted)
        files = _as_list(caffemodels)
        request["caffemodels"] = len(files)
        reply, sections = self._request(request, [prototxt.encode(), *files], inputs.values())
        keys = [(layer, top) for layer, top in reply["results"]]
        if twice := [layer for (layer, _), count in Counter(keys).items() if count > 1]:
            raise RuntimeFailed(f"two layers have the same name: {', '.join(twice)}")
        arrays = (
            np.frombuffer(data, "<f4").reshape(shape) for data, shape in zip(sections, reply["shapes"], strict=True)
        )
        return dict(zip(keys, arrays, strict=True))

    def time(
        self,
        prototxt: str,
        caffemodels: Section | Sequence[Section],
        inputs: Mapping[str, np.ndarray],
        *,
        repeat: int = 3,
    ) -> list[tuple[str, str, float]]:
        """(layer, type, seconds) of the fastest of `repeat` forward passes, after one to warm up."""
        files = _as_list(caffemodels)
        request = {"do": "time", "inputs": list(inputs), "repeat": repeat, "caffemodels": len(files)}
        reply, _ = self._request(request, [prototxt.encode(), *files], inputs.values())
        fastest = min(reply["seconds"], key=sum)
        return [(name, type, seconds) for (name, type), seconds in zip(reply["layers"], fastest, strict=True)]

    def weights(
        self, prototxt: str, blobs: Mapping[tuple[str, int], np.ndarray] | None = None, *, seed: int = 0
    ) -> bytes:
        """A caffemodel that Caffe itself saves: random weights, except `blobs`, (layer, index) -> array."""
        blobs = blobs or {}
        request = {"do": "weights", "seed": seed, "blobs": list(blobs)}
        return bytes(self._request(request, [prototxt.encode()], blobs.values())[1][0])

    def close(self) -> None:
        """Ends the process. The next request starts another."""
        if self._process:
            self._process.close()
        self._process = None

    def _request(
        self, header: dict[str, Any], sections: Sequence[Section] = (), arrays: Iterable[np.ndarray] = ()
    ) -> Message:
        arrays = [np.require(array, "<f4", "C") for array in arrays]
        header = {**header, "shapes": [array.shape for array in arrays]}
        with self._lock:
            process = self._started()
            try:
                reply, data = process.ask(header, [*sections, *(array.data for array in arrays)], self.timeout)
            except BaseException:  # what is left in the pipes belongs to nobody
                self.close()
                raise
        if "error" in reply:
            raise RuntimeFailed(f"Caffe: {reply['error']}")
        return reply, data

    def _started(self) -> Process:
        if self._process is None or self._process.ended():
            self._process = Process(self.command, source())
            try:
                self.greeting = self._process.greet(self.start_timeout)
            except BaseException:
                self.close()
                raise
        return self._process


def _as_list(caffemodels: Section | Sequence[Section]) -> list[Section]:
    return [caffemodels] if isinstance(caffemodels, (bytes, memoryview)) else list(caffemodels)


def source() -> str:
    """The text of verify/caffe_worker.py: beside this package in a checkout, inside it when installed."""
    for place in PLACES:
        if place.exists():
            return place.read_text()
    raise RuntimeUnavailable(f"verify/caffe_worker.py is missing from this installation (looked in {PLACES})")

"""BVLC Caffe, the reference for the meaning of Caffe files. It always runs in a process of its own.

That is so even if this interpreter has pycaffe: a failed CHECK in Caffe ends its process, and pycaffe registers
protobuf descriptors that clash with others. Then the process runs this interpreter again.
"""

from __future__ import annotations

import importlib.util
import mmap
import os
import shlex
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from .base import Results, Runtime, RuntimeUnavailable
from .worker import CaffeWorker

VARIABLE = "PYTORCH2CAFFE_CAFFE_PYTHON"
ROOT = Path(__file__).resolve().parents[3] / ".caffe-root"  # of the repository; never one of the current folder
MARK = ".made-by-install-caffe"
INSTALL_HINT = (
    "install it with `sudo verify/install_caffe.sh`, or give the command of a Python with pycaffe: "
    f'--caffe-python "COMMAND" or {VARIABLE}'
)


class CaffeRuntime(Runtime):
    """BVLC Caffe.

    caffe_python: the command that starts a Python with pycaffe and numpy, such as "chroot ROOT python3". By default
                  that in the environment variable PYTORCH2CAFFE_CAFFE_PYTHON, or this interpreter if it has pycaffe,
                  or the one that verify/install_caffe.sh has installed in `.caffe-root` at the top of the repository.
    timeout:      the most seconds that a network may run.
    """

    name = "caffe"

    def __init__(self, caffe_python: str | None = None, *, timeout: float = 600) -> None:
        self._caffe_python = caffe_python
        self._timeout = timeout
        self._worker: CaffeWorker | None = None
        self._unavailable_reason: str | None = None

    @property
    def worker(self) -> CaffeWorker:
        """The worker, for requests that only Caffe supports (`layer_types`, `weights`). Raises RuntimeUnavailable."""
        if reason := self.unavailable():
            raise RuntimeUnavailable(f"{self.name}: {reason}")
        assert self._worker
        return self._worker

    def unavailable(self) -> str | None:
        """None if Caffe can be started; otherwise why not, and how to install it. Tried once."""
        if self._worker is None and self._unavailable_reason is None:
            self._start_worker()
        return self._unavailable_reason

    @property
    def networks_run(self) -> int:
        """The number of networks that were sent to Caffe."""
        return self._worker.networks_run if self._worker else 0

    def close(self) -> None:
        """Ends Caffe's process; the next run starts a new one."""
        if self._worker:
            self._worker.close()

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        text = prototxt.read_text(encoding="utf-8")
        return self.worker.run(text, [map_file(path) for path in caffemodels], inputs, wanted=wanted)

    def _start_worker(self) -> None:
        failures = []
        for command in candidates(self._caffe_python):
            worker = CaffeWorker(command, timeout=self._timeout)
            try:
                worker.start()
            except RuntimeUnavailable as error:
                failures.append(str(error))
            else:
                self._worker = worker
                return
        self._unavailable_reason = (
            "\n".join([*failures, INSTALL_HINT]) if failures else f"not installed; {INSTALL_HINT}"
        )


def map_file(path: Path) -> memoryview:
    """The bytes of a file, memory-mapped, because weights may be larger than the free memory."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")


def candidates(caffe_python: str | None = None) -> Iterator[list[str]]:
    """The commands to try for a Python with pycaffe. If one was given, it is the only one."""
    if named := caffe_python or os.environ.get(VARIABLE):
        yield shlex.split(named)
        return
    spec = importlib.util.find_spec("caffe")
    if spec and spec.origin:  # a directory named caffe has no origin
        yield [sys.executable]
    root = ROOT.resolve()
    if (root / MARK).is_file() and (root / "usr/bin/python3").exists():
        yield ["chroot", str(root), "python3"]
        if not _is_root():
            yield ["unshare", "--map-root-user", "chroot", str(root), "python3"]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0

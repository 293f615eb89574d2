"""BVLC Caffe itself, the judge of what a Caffe file means. Always in a process of its own.

Also where pycaffe could be imported here: a failed CHECK in Caffe ends the process it runs in, and pycaffe
brings its own protobuf descriptors. So "here" means this interpreter in a second process.
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
ROOTS = (Path(__file__).resolve().parents[3] / ".caffe-root", Path(".caffe-root"))
HELP = (
    "install it with `sudo verify/install_caffe.sh`, or name a Python that has pycaffe: "
    f'--caffe-python "COMMAND" or {VARIABLE}'
)


class CaffeRuntime(Runtime):
    """Real Caffe.

    caffe_python: the command that starts a Python with pycaffe and numpy, "chroot ROOT python3". Else the
                  environment variable PYTORCH2CAFFE_CAFFE_PYTHON; else this interpreter, if it has pycaffe;
                  else what verify/install_caffe.sh made: `.caffe-root` at the top of the repository or in
                  the current directory.
    timeout:      seconds a network may take.
    """

    name = "caffe"

    def __init__(self, caffe_python: str | None = None, *, timeout: float = 600) -> None:
        self._caffe_python = caffe_python
        self._timeout = timeout
        self._worker: CaffeWorker | None = None
        self._reason: str | None = None

    @property
    def worker(self) -> CaffeWorker:
        """The process, for what only Caffe can do (`layer_types`, `weights`). Raises RuntimeUnavailable."""
        if reason := self.unavailable():
            raise RuntimeUnavailable(f"{self.name}: {reason}")
        assert self._worker
        return self._worker

    def unavailable(self) -> str | None:
        """None if Caffe can be started; otherwise what was tried and how to install it. Tried once."""
        if self._worker is None and self._reason is None:
            self._find()
        return self._reason

    @property
    def networks_run(self) -> int:
        """How many networks Caffe was asked to run."""
        return self._worker.networks_run if self._worker else 0

    def close(self) -> None:
        """Ends Caffe's process; the next run starts another."""
        if self._worker:
            self._worker.close()

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        text = prototxt.read_text(encoding="utf-8")
        return self.worker.run(text, [contents(path) for path in caffemodels], inputs, wanted=wanted)

    def _find(self) -> None:
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
        self._reason = "\n".join([*failures, HELP]) if failures else f"not installed; {HELP}"


def contents(path: Path) -> memoryview:
    """What is in a file, mapped: weights may be larger than the memory that is free."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")


def candidates(caffe_python: str | None = None) -> Iterator[list[str]]:
    """The commands that may start a Python with pycaffe. A command that was named is the only one."""
    if named := caffe_python or os.environ.get(VARIABLE):
        yield shlex.split(named)
        return
    found = importlib.util.find_spec("caffe")
    if found and found.origin:  # a folder that happens to be called caffe has no origin
        yield [sys.executable]
    for root in dict.fromkeys(root.resolve() for root in ROOTS):
        if (root / "usr/bin/python3").exists():
            yield ["chroot", str(root), "python3"]
            if not _is_root():
                yield ["unshare", "--map-root-user", "chroot", str(root), "python3"]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0

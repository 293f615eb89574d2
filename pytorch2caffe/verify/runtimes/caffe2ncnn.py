"""ncnn's own importer of Caffe files, caffe2ncnn, and ncnn."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from caffe_proto import temporary_folder

from .base import Results, Runtime, RuntimeFailed, only_caffemodel
from .converter import in_shape, shapes_in_caffe
from .ncnn import NcnnRuntime, run_files
from .process import last_lines
from .tops import layers_of

VARIABLE = "PYTORCH2CAFFE_CAFFE2NCNN"
WORKER = f"from {__name__} import run_worker; run_worker(sys.argv[1:])"
FAILED = 3  # exit status of the process that runs ncnn, which then has written why as its last line


class Caffe2NcnnRuntime(Runtime):
    """Converts Caffe files with ncnn's tool caffe2ncnn, which users build from ncnn's source, and runs them in ncnn.

    command: starts the tool; by default that in the environment variable PYTORCH2CAFFE_CAFFE2NCNN.
    """

    name = "caffe2ncnn"

    def __init__(self, command: str | None = None) -> None:
        self._command = command or os.environ.get(VARIABLE)
        self._ncnn = NcnnRuntime()

    def unavailable(self) -> str | None:
        """None if the tool is given and the package ncnn is installed; otherwise what is missing."""
        if not self._command:
            return f"build it (in ncnn's source: tools/caffe) and give its path: --caffe2ncnn PATH or {VARIABLE}"
        return self._ncnn.unavailable()

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        assert self._command
        with temporary_folder() as folder:
            param, binary = Path(folder, "net.param"), Path(folder, "net.bin")
            files = [str(prototxt), str(only_caffemodel(caffemodels, self.name)), str(param), str(binary)]
            command = [*shlex.split(self._command), *files]
            try:
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise RuntimeFailed(f"caffe2ncnn: `{shlex.join(command[:-4])}` does not run: {error}") from error
            printed = last_lines((done.stdout + done.stderr).splitlines())
            if done.returncode != 0 or not param.exists():
                raise RuntimeFailed(f"caffe2ncnn ends with exit status {done.returncode}:\n{printed}")
            blobs = _run_apart(param, binary, inputs)
        return _as_in_caffe(blobs, prototxt, wanted)


def _run_apart(param: Path, binary: Path, inputs: Mapping[str, np.ndarray]) -> Results:
    """Runs ncnn in a process of its own: it may end with a segmentation fault on files that are not this package's."""
    fed, results = param.with_name("inputs.npz"), param.with_name("results.npz")
    np.savez(fed, np.array(list(inputs)), *inputs.values())
    code = f"import sys; sys.path[:] = {sys.path!r}; {WORKER}"
    command = [sys.executable, "-c", code, *map(str, (param, binary, fed, results))]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
    if done.returncode == 0:
        keys, *arrays = np.load(results).values()
        return dict(zip(map(tuple, keys.tolist()), arrays, strict=True))
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode == FAILED:
        raise RuntimeFailed(lines[-1])
    raise RuntimeFailed(f"caffe2ncnn: ncnn ends with exit status {done.returncode}:\n{last_lines(lines)}")


def run_worker(paths: list[str]) -> None:
    """Runs .param and .bin on arrays of a file and writes all blobs to another, in the process of its own."""
    param, binary, fed, results = map(Path, paths)
    names, *arrays = np.load(fed).values()
    try:
        blobs = run_files(param, binary, dict(zip(names.tolist(), arrays, strict=True)), None)
    except RuntimeFailed as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(FAILED)
    np.savez(results, np.array(list(blobs)), *blobs.values())


def _as_in_caffe(blobs: Results, prototxt: Path, wanted: Collection[str] | None) -> Results:
    """ncnn's blobs with Caffe's names and shapes; the tool names the top of a layer that works in place TOP_LAYER."""
    found: Results = {}
    shapes = shapes_in_caffe(prototxt)
    for layer in layers_of(prototxt.read_text(encoding="utf-8")):
        for top in layer.top:
            keys = (layer.name, f"{top}_{layer.name}"), (layer.name, top)
            key = next((key for key in keys if key in blobs), None)
            if key and (wanted is None or top in wanted):
                found[layer.name, top] = in_shape(blobs[key], shapes.get(top))
    return found

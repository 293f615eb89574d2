"""A model against its converted files, in a real runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import FilePaths

from ..errors import ConversionError
from ..graph.graph import Graph, Value
from .compare import Comparison, compare
from .hints import hints
from .runtimes import get


def verify(
    model: Callable[..., Any],
    prototxt: str | Path,
    caffemodel: FilePaths,
    inputs: Any,
    runtime: str = "builtin",
    *,
    tolerance: float = 1e-4,
    naming: str = "modules",
    caffe_python: str | None = None,
) -> Comparison:
    """Runs `model` and its Caffe files on the same inputs and compares them blob by blob.

    model, inputs, naming: as for `trace`; the names of the model's values are those of the file's blobs.
    caffemodel:   as for `load_caffe`; all files, where the weights are in several.
    runtime:      "builtin", "caffe", "opencv" or "ncnn".
    tolerance:    the largest relative L2 difference that counts as equal.
    caffe_python: the command that starts a Python with pycaffe, if Caffe lives elsewhere.

    Returns the comparison: `.equal`, `.first` (where they part), `.rows`, `.hints`. A file whose blobs have other names
    is compared by its outputs, in their order.
    Raises RuntimeUnavailable or RuntimeFailed if the runtime cannot run the files, UnsupportedError if the model
    cannot be traced or the files lack weights.
    """
    from ..frontends.caffe.reader import load_caffe
    from ..frontends.torch.recording import record

    graph, values = record(model, inputs, naming=naming, keep=True)
    file = load_caffe(prototxt, caffemodel)  # Caffe itself would take a file that lacks weights, and leave zeros
    fed = [values[value.name] for value in graph.inputs]
    outputs = {blob: values[value.name] for blob, value in _paired(graph, file).items()}
    machine = get(runtime, caffe_python)
    named = _named(graph, file, fed)

    def run(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        results = machine.run(Path(prototxt), caffemodel, arrays, {*values, *outputs})
        return {top: array for (_, top), array in results.items()}

    actual = run(named)
    inner = {name: array for name, array in values.items() if name in actual and name not in outputs}
    modules = {value.name: node.where for node in graph.nodes for value in node.outputs}
    found = compare(inner | outputs, actual, tolerance=tolerance, where=modules, outputs=list(outputs))
    said = [] if inner or len(graph.nodes) < 2 else ["the file's layers have other names: only outputs were compared"]
    return replace(found, hints=(*said, *hints(found, inner | outputs, actual, named, run)))


def input_shapes(prototxt: str | Path) -> list[tuple[int, ...]]:
    """The shapes of a network's inputs, in order."""
    from ..frontends.caffe.reader import load_caffe

    return [value.shape for value in load_caffe(prototxt).inputs]


def _named(graph: Graph, file: Graph, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs under the names that the file gives them: the model's own, or else in order."""
    names = [value.name for value in graph.inputs]
    theirs = [value.name for value in file.inputs]
    if set(names) != set(theirs) and len(names) != len(theirs):
        raise ConversionError(f"the model has inputs {', '.join(names)}; the file has {', '.join(theirs)}")
    return dict(zip(names if set(names) == set(theirs) else theirs, arrays, strict=True))


def _paired(graph: Graph, file: Graph) -> dict[str, Value]:
    """Which blob of the file is which output of the model: by name, or in order where the names tell nothing."""
    own = {
        key: (f"{key}.output" if f"{key}.output" in file.outputs else value.name)
        for key, value in graph.outputs.items()
    }
    if not set(own.values()) <= set(file.outputs) and len(own) == len(file.outputs):
        own = dict(zip(own, file.outputs, strict=True))
    return {own[key]: value for key, value in graph.outputs.items()}

"""Compares a model with its converted files, run in a real runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import FilePaths

from ..errors import ConversionError
from ..graph.graph import Graph, Value
from .compare import Comparison, compare
from .hints import hints
from .network import Network, histograms_of
from .runtimes import get

ONLY_OUTPUTS = "the layers of the file have other names; only outputs were compared"


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
    command: str | None = None,
    histograms: bool = False,
) -> Comparison:
    """Runs `model` and its Caffe files on the same inputs and compares them blob by blob.

    model, inputs, naming: as for `trace`; blobs of the file are compared with the values of the same names.
    prototxt:     the network.
    caffemodel:   as for `load_caffe`; all shards, if the weights are stored in more than one file.
    runtime:      "builtin", "caffe", "opencv", "ncnn", "mnn", "openvino", "coreml" or "caffe2ncnn".
    tolerance:    the largest difference that counts as equal in any case, relative L2; a larger one does if it is
                  rounding that the model amplifies: docs/verify.md.
    caffe_python: the command that starts a Python with pycaffe, if it is not this one.
    command:      the same for "openvino" and "coreml"; for "caffe2ncnn" the program. docs/verify.md describes them.
    histograms:   count both sides of each blob for `Comparison.network`, as the page of `verify --html` shows them.

    Returns the comparison: `.equal`, `.first` (the first difference), `.rows`, `.hints`. If the file's blobs have other
    names, only outputs are compared, in their order.
    Raises RuntimeUnavailable or RuntimeFailed if the runtime cannot run the files, UnsupportedError if the model
    cannot be traced or weights are missing in the files.
    """
    from ..frontends.torch.recording import record, record_in_float64  # with it comes torch

    graph, values = record(model, inputs, naming=naming, keep=True)
    in_float64 = partial(record_in_float64, model, inputs, naming=naming)
    reference = Reference(graph, values, in_float64)
    starts = caffe_python if runtime == "caffe" else command
    return compare_with(
        reference, prototxt, caffemodel, runtime, tolerance=tolerance, command=starts, histograms=histograms
    )


@dataclass(frozen=True)
class Reference:
    """What files are compared with: a network, and its values in float32 on some inputs, by name.

    in_float64: computes the same values in float64.
    """

    graph: Graph
    values: Mapping[str, np.ndarray]
    in_float64: Callable[[], Mapping[str, np.ndarray]]


def compare_with(
    reference: Reference,
    prototxt: str | Path,
    caffemodel: FilePaths,
    runtime: str = "builtin",
    *,
    tolerance: float = 1e-4,
    command: str | None = None,
    histograms: bool = False,
) -> Comparison:
    """Runs Caffe files on the reference's inputs and compares them blob by blob; the arguments are `verify`'s.

    command: the command that starts the runtime, where it needs one; for "caffe" its Python.
    """
    from ..frontends.caffe.reader import load_caffe
    from .second_look import Runs, second_look  # with it comes torch

    graph, values = reference.graph, reference.values
    file = load_caffe(prototxt, caffemodel)  # Caffe does not report missing weights, it uses zeros
    input_arrays = [values[value.name] for value in graph.inputs]
    names = {blob: value.name for blob, value in _match_outputs(graph, file).items()}
    outputs = {blob: values[name] for blob, name in names.items()}
    runner = get(runtime, command)
    named = _name_inputs(graph, file, input_arrays)

    def run(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        results = runner.run(Path(prototxt), caffemodel, arrays, {*values, *outputs})
        return {top: array for (_, top), array in results.items()}

    actual = _as_in_model(run(named), {name: array for name, array in values.items() if name not in outputs})
    inner_blobs = {name: array for name, array in values.items() if name in actual and name not in outputs}
    modules = {value.name: node.where for node in graph.nodes for value in node.outputs}
    comparison = compare(inner_blobs | outputs, actual, tolerance=tolerance, where=modules, outputs=list(outputs))
    names |= {name: name for name in inner_blobs}
    names |= {name: value.name for name, value in zip(named, graph.inputs, strict=True)}
    comparison = second_look(comparison, Runs(graph, file, values, names, actual, tolerance, reference.in_float64))
    notes = [] if inner_blobs or len(graph.nodes) < 2 or runner.only_outputs else [ONLY_OUTPUTS]
    expected = inner_blobs | outputs
    counted = histograms_of(expected, actual) if histograms else {}
    return replace(
        comparison,
        hints=(*notes, *comparison.hints, *hints(comparison, expected, actual, named, run)),
        network=Network(graph, names, counted),
    )


def input_shapes(prototxt: str | Path) -> list[tuple[int, ...]]:
    """The shapes of the inputs of a prototxt, in order."""
    from ..frontends.caffe.reader import load_caffe

    return [value.shape for value in load_caffe(prototxt).inputs]


def _name_inputs(graph: Graph, file: Graph, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs by their names in the file, matched by name or else by order."""
    names = [value.name for value in graph.inputs]
    file_names = [value.name for value in file.inputs]
    if set(names) != set(file_names) and len(names) != len(file_names):
        raise ConversionError(f"the model has inputs {', '.join(names)}, but the file has {', '.join(file_names)}")
    return dict(zip(names if set(names) == set(file_names) else file_names, arrays, strict=True))


def _as_in_model(actual: Mapping[str, np.ndarray], inner: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The blobs of a file; inner ones that have the model's numbers in another shape, in the model's."""
    return {
        top: array.reshape(inner[top].shape) if top in inner and array.size == inner[top].size else array
        for top, array in actual.items()
    }


def _match_outputs(graph: Graph, file: Graph) -> dict[str, Value]:
    """The value of the model for each output blob of the file, matched by name or else by order."""
    blob_of_output = {
        key: (f"{key}.output" if f"{key}.output" in file.outputs else value.name)
        for key, value in graph.outputs.items()
    }
    if not set(blob_of_output.values()) <= set(file.outputs) and len(blob_of_output) == len(file.outputs):
        blob_of_output = dict(zip(blob_of_output, file.outputs, strict=True))
    return {blob_of_output[key]: value for key, value in graph.outputs.items()}

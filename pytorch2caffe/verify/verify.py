"""A model against its converted files, in a real runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .compare import Comparison, compare
from .runtimes import Results, get


def verify(
    model: Callable[..., Any],
    prototxt: str | Path,
    caffemodel: str | Path,
    inputs: Any,
    runtime: str = "builtin",
    *,
    tolerance: float = 1e-4,
    naming: str = "modules",
    caffe_python: str | None = None,
) -> Comparison:
    """Runs `model` and its Caffe files on the same inputs and compares them blob by blob.

    model, inputs, naming: as for `trace`; the names of the model's values are those of the file's blobs.
    runtime:      "builtin", "caffe" or "opencv".
    tolerance:    the largest relative L2 difference that counts as equal.
    caffe_python: the command that starts a Python with pycaffe, if Caffe lives elsewhere.

    Returns the comparison: `.equal`, `.first` (where they part), `.rows`. A file whose blobs have other names is
    compared by its outputs, in their order.
    Raises RuntimeUnavailable or RuntimeFailed if the runtime cannot run the files, UnsupportedError if the model
    cannot be traced.
    """
    from ..trace import record

    graph, values = record(model, inputs, naming=naming, keep=True)
    fed = {value.name: values[value.name] for value in graph.inputs}
    results = get(runtime, caffe_python).run(Path(prototxt), Path(caffemodel), _fitted(fed, prototxt))
    actual = {top: array for (_, top), array in results.items()}
    modules = {value.name: node.where for node in graph.nodes for value in node.outputs}
    reference = {value.name: values[value.name] for node in graph.nodes for value in node.outputs}
    outputs = {}
    for key, value in graph.outputs.items():
        split = f"{key}.output"
        outputs[split if split in actual else value.name] = values[value.name]
    if not set(outputs) <= set(actual):
        outputs, actual = _by_order(outputs, results, actual)
    reference = {name: array for name, array in reference.items() if name in actual and name not in outputs}
    reference |= {name: array for name, array in outputs.items()}
    return compare(reference, actual, tolerance=tolerance, where=modules, outputs=list(outputs))


def input_shapes(prototxt: str | Path) -> list[tuple[int, ...]]:
    """The shapes of a network's inputs, in order."""
    from ..readers.caffe import load_caffe

    return [value.shape for value in load_caffe(prototxt).inputs]


def _fitted(inputs: Mapping[str, np.ndarray], prototxt: str | Path) -> dict[str, np.ndarray]:
    """The inputs under the names that the file gives them, by order where the names are others."""
    import caffe_proto

    net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
    tops = [top for layer in net.get("layer", []) if layer.get("type") == "Input" for top in layer.get("top", [])]
    if set(tops) == set(inputs) or len(tops) != len(inputs):
        return dict(inputs)
    return dict(zip(tops, inputs.values(), strict=True))


def _by_order(
    outputs: Mapping[str, np.ndarray], results: Results, actual: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Pairs the model's outputs with the file's last blobs of the same shape where their names tell nothing."""
    found = dict(actual)
    for name, array in outputs.items():
        if name not in found:
            alike = [other for (_, _), other in results.items() if other.shape == array.shape]
            if alike:
                found[name] = alike[-1]
    return dict(outputs), found

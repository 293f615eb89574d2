"""Compares ncnn files with the network from which they were written, on the same inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ..backends.ncnn.writer import NcnnFiles
from ..graph.graph import Graph
from ..graph.registry import Layer
from ..runtime.random_inputs import random_inputs
from ..runtime.run import run
from .compare import Comparison, compare
from .judge import judge, judged
from .runtimes import get
from .verify import Reference


def compare_in_ncnn(
    graph: Graph,
    param: Path,
    binary: Path,
    files: NcnnFiles,
    inputs: Mapping[str, np.ndarray] | None = None,
    *,
    tolerance: float = 1e-4,
) -> Comparison:
    """Compares the outputs that ncnn computes from .param and .bin with those of the graph.

    files:     what `save_ncnn` has returned for the two files.
    inputs:    arrays by the name of the graph's inputs; random ones unless given.
    tolerance: as for `compare`.

    Raises RuntimeUnavailable if ncnn is not installed, RuntimeFailed if it cannot run the files.
    """
    arrays = random_inputs(graph) if inputs is None else dict(inputs)
    return compare_outputs(reference_of_graph(graph, arrays), param, binary, files, tolerance=tolerance)


def compare_outputs(
    reference: Reference, param: Path, binary: Path, files: NcnnFiles, *, tolerance: float = 1e-4
) -> Comparison:
    """As `compare_in_ncnn`, with the values of the network itself, whatever computed them."""
    graph, values = reference.graph, reference.values
    arrays = {files.inputs[value.name]: values[value.name] for value in graph.inputs}
    results = get("ncnn").run(param, binary, arrays, set(files.outputs.values()))
    blobs = {top: array for (_, top), array in results.items()}
    expected = {key: values[value.name] for key, value in graph.outputs.items()}
    layers = {value: node.layer for value, node in graph.producers().items()}
    plain = Layer()
    actual = {
        key: layers.get(graph.outputs[key], plain).from_ncnn(blobs[blob], expected[key].shape)
        for key, blob in files.outputs.items()
        if blob in blobs
    }
    comparison = compare(expected, actual, tolerance=tolerance, outputs=list(expected))
    if comparison.equal or any(math.isnan(row.cosine) for row in comparison.rows):
        return comparison
    exact = reference.in_float64()
    rows = tuple(
        row
        if row.equal
        else judged(
            row,
            judge(expected[row.blob], exact[graph.outputs[row.blob].name], actual[row.blob]),
            expected[row.blob],
        )
        for row in comparison.rows
    )
    return replace(comparison, rows=rows)


def reference_of_graph(graph: Graph, arrays: Mapping[str, np.ndarray]) -> Reference:
    """The values of a graph on these inputs, by the names of the values, computed by the built-in runtime.

    arrays: by the name of the graph's inputs.
    """
    return Reference(graph, _values(graph, arrays, np.float32), partial(_values, graph, arrays, np.float64))


def _values(graph: Graph, arrays: Mapping[str, np.ndarray], dtype: type[np.floating]) -> dict[str, np.ndarray]:
    results = run(_with_unique_tops(graph), arrays, dtype=dtype)
    return {**arrays, **{top: array for (_, top), array in results.items()}}


def _with_unique_tops(graph: Graph) -> Graph:
    """The graph without the tops of a file, where several values may share one; then the values' names are used."""
    if not any(value.top for node in graph.nodes for value in node.outputs):
        return graph
    copy = deepcopy(graph)
    for node in copy.nodes:
        for value in node.outputs:
            value.top = ""
    return copy

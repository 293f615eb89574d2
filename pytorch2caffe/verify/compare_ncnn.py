"""Compares ncnn files with the graph from which they were written, on the same inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.writer import NcnnFiles
from ..graph.graph import Graph, Value
from ..graph.registry import Layer
from ..runtime.random_inputs import random_inputs
from ..runtime.run import run
from .compare import Comparison, compare
from .judge import judge, judged
from .runtimes import get


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
    wanted = {value.name for value in graph.outputs.values()}
    values = {value.name: array for value, array in zip(graph.inputs, arrays.values(), strict=True)}
    values |= {top: array for (_, top), array in run(_with_unique_tops(graph), arrays, wanted).items()}
    results = get("ncnn").run(param, binary, {files.inputs[name]: array for name, array in arrays.items()})
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
    in_float64 = {
        top: array for (_, top), array in run(_with_unique_tops(graph), arrays, wanted, dtype=np.float64).items()
    }
    exact = {key: in_float64.get(value.name, values[value.name]) for key, value in graph.outputs.items()}
    rows = tuple(
        row
        if row.equal
        else judged(row, judge(expected[row.blob], exact[row.blob], actual[row.blob]), expected[row.blob])
        for row in comparison.rows
    )
    return replace(comparison, rows=rows)


def calibrated_max_abs(graph: Graph, table: Table) -> dict[Value, float]:
    """The largest magnitude that a table's scales represent in int8, for each value that its layers read."""
    scales = table.activations
    return {node.inputs[0]: 127 / scales[node.name] for node in graph.nodes if node.name in scales}


def _with_unique_tops(graph: Graph) -> Graph:
    """The graph without the tops of a file, where several values may share one; then the values' names are used."""
    from copy import deepcopy

    if not any(value.top for node in graph.nodes for value in node.outputs):
        return graph
    copy = deepcopy(graph)
    for node in copy.nodes:
        for value in node.outputs:
            value.top = ""
    return copy

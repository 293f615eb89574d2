"""ncnn files against the graph that they were made of: the same random input through both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.writer import NcnnFiles
from ..graph.graph import Graph, Value
from ..runtime.random_inputs import random_inputs
from ..runtime.run import run
from .compare import Comparison, compare
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
    """The outputs of .param and .bin in ncnn, compared with those of the graph.

    inputs: by the name of the graph's inputs; random numbers unless given.

    Raises RuntimeUnavailable if ncnn is not installed, RuntimeFailed if it cannot run the files.
    """
    fed = random_inputs(graph) if inputs is None else dict(inputs)
    wanted = {value.name for value in graph.outputs.values()}
    found = {value.name: array for value, array in zip(graph.inputs, fed.values(), strict=True)}
    found |= {top: array for (_, top), array in run(_by_name(graph), fed, wanted).items()}
    results = get("ncnn").run(param, binary, {files.inputs[name]: array for name, array in fed.items()})
    blobs = {top: array for (_, top), array in results.items()}
    expected = {key: found[value.name] for key, value in graph.outputs.items()}
    actual = {
        key: blobs[blob].reshape(expected[key].shape) if blobs[blob].size == expected[key].size else blobs[blob]
        for key, blob in files.outputs.items()
        if blob in blobs
    }
    return compare(expected, actual, tolerance=tolerance, outputs=list(expected))


def reach_of(graph: Graph, table: Table) -> dict[Value, float]:
    """The largest magnitude that a table's scales let through, for the values that its layers read."""
    scales = table.activations
    return {node.inputs[0]: 127 / scales[node.name] for node in graph.nodes if node.name in scales}


def _by_name(graph: Graph) -> Graph:
    """The graph with tops that are its values' names; in a file several values may share one."""
    from copy import deepcopy

    if not any(value.top for node in graph.nodes for value in node.outputs):
        return graph
    copy = deepcopy(graph)
    for node in copy.nodes:
        for value in node.outputs:
            value.top = ""
    return copy

"""Rewrites an existing Caffe model for another consumer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from caffe_proto import FilePaths

from ..backends.caffe.writer import save_caffe
from ..errors import DifferentError
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph
from ..runtime.random_inputs import random_inputs
from ..runtime.run import relative_l2, run


def lower_files(
    prototxt: str | Path,
    caffemodel: FilePaths,
    prefix: str | Path,
    dialect: str = "caffe",
    *,
    fold_bn: bool = False,
    split_weights: bool | int = False,
    check: bool = True,
    tolerance: float = 1e-4,
) -> Graph:
    """Writes a Caffe network as PREFIX.prototxt and PREFIX.caffemodel in the layers of a dialect.

    caffemodel: as for `load_caffe`.
    dialect, fold_bn, split_weights: as for `save_caffe`.
    check:     before they appear, read the new files back and compare their outputs with those of the old files on a
               random input.
    tolerance: the largest relative L2 difference of an output.

    Returns the graph as written. Raises UnsupportedError listing everything that cannot be read or written,
    DifferentError if the outputs differ; in both cases nothing is written.
    """
    graph = load_caffe(prototxt, caffemodel)

    def proof(new_prototxt: Path, new_caffemodels: Sequence[Path]) -> None:
        differences = output_differences(graph, load_caffe(new_prototxt, new_caffemodels), tolerance)
        if differences:
            raise DifferentError(f"the new files do not give the same numbers: {'; '.join(differences)}", differences)

    return save_caffe(
        graph,
        f"{prefix}.prototxt",
        f"{prefix}.caffemodel",
        dialect,
        fold_bn=fold_bn,
        split_weights=split_weights,
        proof=proof if check else None,
    )


def output_differences(graph: Graph, lowered: Graph, tolerance: float) -> list[str]:
    """A line for each output of `graph` that differs in `lowered`, which has them in the same order, on a random input.

    tolerance: the largest relative L2 difference. NaN differs.
    """
    inputs = list(random_inputs(graph).values())
    expected, actual = _outputs(graph, inputs), _outputs(lowered, inputs)
    if len(expected) != len(actual):
        return [f"{len(actual)} outputs instead of {len(expected)}"]
    return [
        f"{name} differs by {difference:.1e} of its norm"
        for name, a, b in zip(graph.outputs, expected, actual, strict=True)
        if not (difference := relative_l2(b, a)) <= tolerance
    ]


def _outputs(graph: Graph, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    named = {value.name: array for value, array in zip(graph.inputs, inputs, strict=True)}
    blobs = {top: array for (_, top), array in run(graph, named).items()}
    return [blobs[value.top or value.name] for value in graph.outputs.values()]

"""An existing Caffe model, written anew for another reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from caffe_proto import FilePaths

from ..backends.caffe.writer import save_caffe
from ..errors import DifferentError
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph
from ..runtime.random_inputs import random_inputs
from ..runtime.run import relative_l2, run


def rewrite(
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
    """Writes a Caffe network as PREFIX.prototxt and PREFIX.caffemodel in the layers that another reader has.

    caffemodel: as for `load_caffe`.
    dialect, fold_bn, split_weights: as for `save_caffe`.
    check:            before they appear, read the new files back and compare their outputs with the old ones' on a
                      random input; tolerance is the largest difference, relative L2.

    Returns the graph as written. Raises UnsupportedError for what cannot be read or written, DifferentError if the
    outputs differ; in both cases nothing is written.
    """
    graph = load_caffe(prototxt, caffemodel)

    def proof(new_prototxt: Path, new_caffemodels: Sequence[Path]) -> None:
        rows = different(graph, load_caffe(new_prototxt, new_caffemodels), tolerance)
        if rows:
            raise DifferentError(f"the new files do not give the same numbers: {'; '.join(rows)}", rows)

    return save_caffe(
        graph,
        f"{prefix}.prototxt",
        f"{prefix}.caffemodel",
        dialect,
        fold_bn=fold_bn,
        split_weights=split_weights,
        proof=proof if check else None,
    )


def different(one: Graph, other: Graph, tolerance: float) -> list[str]:
    """The outputs of `one` that `other`, in the same order, gives otherwise on a random input."""
    inputs = random_inputs(one).values()
    results = []
    for graph in (one, other):
        fed = {value.name: array for value, array in zip(graph.inputs, inputs, strict=True)}
        found = {top: array for (_, top), array in run(graph, fed).items()}
        results.append([found[value.top or value.name] for value in graph.outputs.values()])
    if len(results[0]) != len(results[1]):
        return [f"{len(results[1])} outputs instead of {len(results[0])}"]
    return [
        f"{name} differs by {difference:.1e} of its norm"
        for name, a, b in zip(one.outputs, *results, strict=True)
        if not (difference := relative_l2(b, a)) <= tolerance
    ]

"""Rewrites an existing Caffe model for another consumer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from caffe_proto import FilePaths

from ..backends.caffe.writer import save_caffe
from ..errors import DifferentError
from ..frontends.caffe.reader import load_as, load_caffe
from ..frontends.caffe.reading import CaffeReading
from ..graph.graph import Graph
from ..quantize.pixels import Pixels
from ..runtime.random_inputs import random_inputs
from ..verify.runtimes import Results, RuntimeFailed
from .fold_pixels import folded
from .own_runtime import OwnRuntime


def lower_files(
    prototxt: str | Path,
    caffemodel: FilePaths,
    prefix: str | Path,
    dialect: str = "caffe",
    *,
    fold_bn: bool = False,
    split_weights: bool | int = False,
    check: bool = True,
    check_runtime: bool | None = None,
    tolerance: float = 1e-4,
    reading: CaffeReading | None = None,
    fold_pixels: Pixels = None,
) -> Graph:
    """Writes a Caffe network as PREFIX.prototxt and PREFIX.caffemodel in the layers of a dialect.

    caffemodel: as for `load_caffe`.
    dialect, fold_bn, split_weights: as for `save_caffe`.
    check:     before they appear, read the new files back and compare their outputs with those of the old files on a
               random input.
    check_runtime: also run the new files in the consumer itself, as for `export`.
    tolerance: the largest relative L2 difference of an output.
    reading:   which part of the network is read, and its sizes: the arguments of `load_caffe`.
    fold_pixels: put this preprocessing of images into the network, which then takes pixels, 0 to 255, in BGR.

    Returns the graph as written. Raises UnsupportedError listing everything that cannot be read or written,
    DifferentError if the outputs differ, RuntimeFailed if the consumer cannot run them; then nothing is written.
    """
    own_runtime = OwnRuntime(dialect, check_runtime if check or check_runtime else False)
    graph = load_as(prototxt, caffemodel, reading or CaffeReading())
    if fold_pixels is not None:
        graph = folded(graph, fold_pixels, check=check, tolerance=tolerance)

    def proof(new_prototxt: Path, new_caffemodels: Sequence[Path]) -> None:
        new = load_caffe(new_prototxt, new_caffemodels)
        if check and (differences := output_differences(graph, new, tolerance)):
            raise DifferentError(f"the new files do not give the same numbers: {'; '.join(differences)}", differences)
        if own_runtime.is_to_run(new_prototxt, new_caffemodels):
            try:
                differences = output_differences(graph, new, tolerance, own_runtime.of(new_prototxt, new_caffemodels))
            except RuntimeFailed as error:
                raise own_runtime.failed(error) from error
            if differences:
                raise own_runtime.different("; ".join(differences), differences)

    written = save_caffe(
        graph,
        f"{prefix}.prototxt",
        f"{prefix}.caffemodel",
        dialect,
        fold_bn=fold_bn,
        split_weights=split_weights,
        proof=proof,
    )
    written.checks, written.notes = own_runtime.checks, graph.notes
    return written


def output_differences(
    graph: Graph, lowered: Graph, tolerance: float, run_lowered: Callable[..., Results] | None = None
) -> list[str]:
    """A line for each output of `graph` that differs in `lowered`, which has them in the same order, on a random input.

    tolerance:   the largest relative L2 difference, in float32 or, if that is more, in float64. NaN differs.
    run_lowered: runs `lowered` on arrays by name, in float32, and may be as far from float64 as `graph` in float32 is;
                 the built-in runtime unless given.
    """
    from ..runtime.run import run  # imports torch
    from ..verify.judge import judge

    inputs = list(random_inputs(graph).values())
    expected = _outputs(graph, inputs, partial(run, graph))
    actual = _outputs(lowered, inputs, run_lowered or partial(run, lowered))
    if len(expected) != len(actual):
        return [f"{len(actual)} outputs instead of {len(expected)}"]
    differences = _differences(graph, expected, actual, tolerance)
    if not differences:
        return []
    exact = _outputs(graph, inputs, partial(run, graph, dtype=np.float64))
    if run_lowered is None:
        again = _outputs(lowered, inputs, partial(run, lowered, dtype=np.float64))
        return differences if _differences(graph, exact, again, tolerance) else []
    outputs = zip(expected, exact, actual, strict=True)
    return [] if all(a.shape == b.shape and judge(a, e, b).equal for a, e, b in outputs) else differences


def _differences(
    graph: Graph, expected: Sequence[np.ndarray], actual: Sequence[np.ndarray], tolerance: float
) -> list[str]:
    from ..runtime.run import relative_l2

    return [
        f"{name} differs by {difference:.1e} of its norm"
        for name, a, b in zip(graph.outputs, expected, actual, strict=True)
        if not (difference := relative_l2(b, a)) <= tolerance
    ]


def _outputs(graph: Graph, inputs: Sequence[np.ndarray], run_graph: Callable[..., Results]) -> list[np.ndarray]:
    named = {value.name: array for value, array in zip(graph.inputs, inputs, strict=True)}
    blobs = {top: array for (_, top), array in run_graph(named).items()}
    return [blobs[value.top or value.name] for value in graph.outputs.values()]

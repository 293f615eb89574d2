"""ONNX to Caffe files in one call, compared with the model in onnxruntime before they appear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ..frontends.onnx.inputs import InputShapes
from ..frontends.onnx.load import load_onnx
from ..graph.graph import Graph
from ..runtime.random_inputs import random_inputs
from ..verify.compare import Comparison
from ..verify.onnx_model import reference_of, run_onnx
from ..verify.report import verdict
from ..verify.runtimes import RuntimeFailed, RuntimeUnavailable
from ..verify.verify import compare_with
from .export import different
from .own_runtime import OwnRuntime

REFERENCE = "onnxruntime"
Compare = Callable[..., Comparison]


def export_onnx(
    model: str | Path,
    prototxt: str | Path,
    caffemodel: str | Path,
    *,
    input_shapes: InputShapes | None = None,
    outputs: Sequence[str] | None = None,
    dialect: str = "caffe",
    name: str | None = None,
    fold_bn: bool = False,
    split_weights: bool | int = False,
    check: bool = True,
    check_runtime: bool | None = None,
    tolerance: float = 1e-4,
) -> Graph:
    """Reads an ONNX model and writes it as Caffe files.

    model, input_shapes, outputs: as for `load_onnx`. name: the network's name; by default the file's.
    check: read the files back before they appear and compare their outputs with onnxruntime's on a random input; where
           onnxruntime is not installed, or the model is quantized, with those of the network as it was read, and the
           graph's `checks` say so.

    The other arguments, the result and the errors are those of `export`.
    """
    from ..backends.caffe.writer import save_caffe  # with it comes torch

    own_runtime = OwnRuntime(dialect, check_runtime if check or check_runtime else False)
    graph = load_onnx(model, input_shapes, outputs)
    graph.name = name or graph.name
    checks: dict[str, str] = {}

    def proofs(prototxt: Path, caffemodels: Sequence[Path]) -> None:
        if not check and not own_runtime.name:
            return
        compare = partial(_comparison(model, graph, checks), prototxt, caffemodels, tolerance=tolerance)
        if check and not (comparison := compare()).equal:
            raise different(comparison)
        if own_runtime.is_to_run(prototxt, caffemodels):
            _run_in(own_runtime, compare)

    written = save_caffe(
        graph, prototxt, caffemodel, dialect, fold_bn=fold_bn, split_weights=split_weights, proof=proofs
    )
    written.checks = checks | own_runtime.checks
    return written


def _comparison(model: str | Path, graph: Graph, checks: dict[str, str]) -> Compare:
    """A function that compares files with the model on a random input. Notes in `checks` whether onnxruntime ran it."""
    inputs = list(random_inputs(graph).values())
    outputs: dict[str, np.ndarray] = {}
    try:
        checks[REFERENCE] = "it rounds as the file says" if graph.is_quantized else ""
        if not graph.is_quantized:
            outputs = run_onnx(model, graph, inputs)
    except RuntimeUnavailable:
        checks[REFERENCE] = "it is not installed"
    return partial(compare_with, reference_of(graph, inputs, outputs))


def _run_in(own_runtime: OwnRuntime, compare: Compare) -> None:
    """Compares the outputs that a consumer computes from written files; inner blobs explain only."""
    try:
        comparison = compare(runtime=own_runtime.name)
    except RuntimeFailed as error:
        raise own_runtime.failed(error) from error
    if comparison.missing_outputs or not all(row.equal for row in comparison.rows if row.output):
        raise own_runtime.different(verdict(comparison), comparison)

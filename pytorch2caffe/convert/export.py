"""PyTorch to Caffe files in one call, compared with the model before they appear."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..errors import DifferentError
from ..frontends.torch import trace
from ..frontends.torch.recording import record
from ..graph.graph import Graph
from ..graph.nonfinite import NonFiniteWarning
from ..passes.fold_preprocessing import fold_preprocessing
from ..quantize.pixels import Pixels, preprocess_of
from ..verify.compare import Comparison
from ..verify.report import verdict
from ..verify.runtimes import RuntimeFailed
from ..verify.verify import verify
from .fold_pixels import pixel_inputs
from .other_sizes import silent_axes
from .own_runtime import OwnRuntime
from .pixels import random_pixels, taking_pixels
from .random_like import random_like

if TYPE_CHECKING:
    from ..backends.caffe.writer import Proof


class _SilentAxes(Exception):  # noqa: N818 - caught where the files are written
    """The files accept another size of these axes of the inputs, and compute something else then."""

    def __init__(self, axes: set[int]) -> None:
        super().__init__(axes)
        self.axes = axes


FOR_CERTAIN = 1e-2  # a larger relative difference is a wrong file, which no tolerance should accept


@torch.random.fork_rng(devices=[])
def export(
    model: Callable[..., Any],
    inputs: Any,
    prototxt: str | Path,
    caffemodel: str | Path,
    *,
    dialect: str = "caffe",
    name: str | None = None,
    naming: str = "modules",
    fold_bn: bool = False,
    split_weights: bool | int = False,
    check: bool = True,
    check_runtime: bool | None = None,
    tolerance: float = 1e-4,
    fold_pixels: Pixels = None,
) -> Graph:
    """Traces `model` on `inputs` and writes it as Caffe files.

    model, inputs, name, naming: as for `trace`. The shapes of `inputs` are those of the network.
    prototxt, caffemodel:        where to write; all files appear together, or none.
    dialect:                     the consumer of the files (docs/dialects.md).
    fold_bn:                     fold BatchNorm and Scale into the preceding weights (equal up to float rounding).
    split_weights:               write more weights than Caffe reads from one file, 2^31 - 1 bytes, to several: see
                                 `save_caffe`.
    check:                       read the files back before they appear, run them on a second, random input, and
                                 compare every blob with the model's own. Files that accept another batch or size are
                                 run at one, as the model is; if they differ there, a Reshape lets them fail instead.
    check_runtime:               also run them in the consumer itself, for dialects that name a runtime (real Caffe for
                                 "caffe", OpenCV for "opencv"), and compare the outputs. None: with `check`, if it is
                                 installed and the network has at most 5e9 multiply-adds and 300 MB of weights.
    tolerance:                   for `check`, as for `verify`.
    fold_pixels:                 put this preprocessing of images into the network, which then takes pixels, 0 to 255,
                                 in BGR; the files are compared with the model of the preprocessed image.

    Returns the graph as written. Raises UnsupportedError listing everything that cannot be converted, DifferentError
    if the files do not give the model's numbers, RuntimeFailed if the consumer itself cannot run them; in each case
    nothing is written. The graph's `checks` list the consumers that ran the files.
    """
    from ..backends.caffe.writer import save_caffe  # with it comes torch

    own_runtime = OwnRuntime(dialect, check_runtime if check or check_runtime else False)
    graph = trace(model, inputs, name, naming=naming)
    draw: Callable[[Any], Any] = random_like
    if fold_pixels is not None:
        pixels = pixel_inputs(preprocess_of(fold_pixels, graph))
        model, draw = taking_pixels(model, [pixels.get(value.name) for value in graph.inputs]), random_pixels
        graph.notes = fold_preprocessing(graph, pixels)
    proof = proof_of(model, inputs, naming, tolerance, draw) if check else None
    run_model = partial(record, model, naming=naming, keep=True)
    silent: set[int] = set()

    def proofs(prototxt: Path, caffemodels: Sequence[Path]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NonFiniteWarning)  # `trace` has given it
            if proof is not None:
                proof(prototxt, caffemodels)
                if not silent and (axes := silent_axes(run_model, inputs, prototxt, caffemodels)):
                    raise _SilentAxes(axes)
            if own_runtime.is_to_run(prototxt, caffemodels):
                run_in(own_runtime, model, draw(inputs), naming, prototxt, caffemodels, tolerance)

    save = partial(
        save_caffe, graph, prototxt, caffemodel, dialect, fold_bn=fold_bn, split_weights=split_weights, proof=proofs
    )
    try:
        written = save()
    except _SilentAxes as error:
        silent |= error.axes
        for value in graph.inputs:
            value.fixed |= {axis for axis in silent if axis < len(value.shape)}
        written = save()
    written.checks, written.notes = own_runtime.checks, graph.notes
    return written


def proof_of(
    model: Callable[..., Any],
    inputs: Any,
    naming: str,
    tolerance: float = 1e-4,
    draw: Callable[[Any], Any] | None = None,
) -> Proof:
    """A function that compares written files with `model` on a random input, and raises DifferentError.

    draw: makes a random input like `inputs`; normal by default.
    """

    def proof(prototxt: Path, caffemodels: Sequence[Path]) -> None:
        given = (draw or random_like)(inputs)
        comparison = verify(model, prototxt, caffemodels, given, tolerance=tolerance, naming=naming)
        if not comparison.equal:
            raise different(comparison)

    return proof


def run_in(
    own_runtime: OwnRuntime,
    model: Callable[..., Any],
    inputs: Any,
    naming: str,
    prototxt: Path,
    caffemodels: Sequence[Path],
    tolerance: float,
) -> None:
    """Compares the outputs that a consumer computes from written files on `inputs` with the model's."""
    try:
        comparison = verify(model, prototxt, caffemodels, inputs, own_runtime.name, tolerance=tolerance, naming=naming)
    except RuntimeFailed as error:
        raise own_runtime.failed(error) from error
    if comparison.missing_outputs or not all(row.equal for row in comparison.rows if row.output):
        raise own_runtime.different(verdict(comparison), comparison)


def different(comparison: Comparison) -> DifferentError:
    """The error for files that do not give the model's numbers."""
    return DifferentError(_message(comparison), comparison)


def _message(comparison: Comparison) -> str:
    lines = [f"the files do not give the model's numbers: {verdict(comparison)}"]
    lines += [f"  hint: {hint}" for hint in comparison.hints]
    worst = max((row.relative_l2 for row in comparison.rows if not row.equal), default=inf)
    accept = "" if worst > FOR_CERTAIN else ", or accept the difference with --tolerance (in Python tolerance=)"
    lines.append(
        "  fix: this is a mistake of the converter: report it with the module above, and write the files with "
        f"--no-check (in Python check=False) to look at them{accept}"
    )
    return "\n".join(lines)

"""Graph to an ONNX file that is compared with the network before it appears."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from caffe_proto import atomic_files

from ..backends.onnx.writer import save_onnx
from ..errors import ConversionError
from ..graph.graph import Graph
from ..runtime.random_inputs import random_inputs
from ..runtime.run import relative_l2, run
from ..verify.onnx_model import run_onnx
from ..verify.runtimes import RuntimeUnavailable

TOLERANCE = 1e-4  # relative L2 of each output


def save_checked_onnx(graph: Graph, path: Path) -> bool:
    """Writes a graph as `save_onnx` does, once onnxruntime has given the network's numbers on a random input.

    Returns whether onnxruntime, which is optional, compared it. Raises what `save_onnx` raises, and ConversionError,
    with nothing written, if an output differs by more than TOLERANCE.
    """
    with atomic_files(path) as (temporary,):
        save_onnx(graph, temporary)
        inputs = random_inputs(graph)
        try:
            found = run_onnx(temporary, graph, list(inputs.values()))
        except RuntimeUnavailable:
            return False
        _compare(graph, inputs, found)
    return True


def _compare(graph: Graph, inputs: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> None:
    values = {top: array for (_, top), array in run(graph, inputs).items()} | inputs
    for name, value in graph.outputs.items():
        difference = relative_l2(found[name], values[value.top or value.name])
        if not difference <= TOLERANCE:
            raise ConversionError(
                f"onnxruntime gives other numbers for the ONNX file: output {name} differs by {difference:.1e}, "
                "relative L2\n  fix: please report this network; nothing was written"
            )

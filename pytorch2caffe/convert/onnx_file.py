"""Graph to an ONNX file that is compared with the network before it appears."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from caffe_proto import atomic_files

from ..backends.onnx.writer import save_onnx
from ..errors import ConversionError
from ..graph.graph import Graph
from ..verify.onnx_model import run_onnx
from ..verify.runtimes import Results, RuntimeUnavailable
from .lower_files import output_differences

TOLERANCE = 1e-4  # relative L2 of each output


def save_checked_onnx(graph: Graph, path: Path) -> bool:
    """Writes a graph as `save_onnx` does, once onnxruntime has given the network's numbers on a random input.

    Returns whether onnxruntime, which is optional, compared it. Raises what `save_onnx` raises, and ConversionError,
    with nothing written, if an output differs by more than TOLERANCE, as `output_differences` judges it.
    """
    with atomic_files(path) as (temporary,):
        save_onnx(graph, temporary)

        def run_file(inputs: Mapping[str, np.ndarray]) -> Results:
            found = run_onnx(temporary, graph, list(inputs.values()))
            return {("", value.top or value.name): found[name] for name, value in graph.outputs.items()}

        try:
            differences = output_differences(graph, graph, TOLERANCE, run_file)
        except RuntimeUnavailable:
            return False
        if differences:
            raise ConversionError(
                f"onnxruntime gives other numbers for the ONNX file: output {differences[0]}\n"
                "  fix: please report this network; nothing was written"
            )
    return True

"""Writes the generated source and its weights to files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from caffe_proto import atomic_files

from ...errors import ConversionError, DifferentError
from ...graph.graph import Graph
from ...runtime.random_inputs import random_inputs
from ...runtime.run import relative_l2, run
from .generate import generate, load

MAX_FILLER_BYTES = 1 << 30  # of weights that no caffemodel gave


def save_torch(graph: Graph, prefix: str | Path, *, check: bool = True, tolerance: float = 1e-4) -> tuple[Path, Path]:
    """Writes PREFIX.py, which defines one nn.Module, and PREFIX.pth, its state_dict. Either both are written or none.

    check:     first load both files and compare the module's outputs with those of the graph on a random input.
    tolerance: the largest accepted difference, relative L2, in float32 or, if that is more, in float64.

    Returns the two paths. Raises UnsupportedError with every layer that has no PyTorch form, DifferentError if the
    outputs differ; then nothing is written.
    """
    source, state = generate(graph)
    size = sum(tensor.nbytes for tensor in state.values() if tensor.numel() > 1 and not any(tensor.stride()))
    if size > MAX_FILLER_BYTES:
        raise ConversionError(
            f"the graph has no weights; they would be {size:,} bytes of fillers\n  fix: give the caffemodel"
        )
    files = Path(f"{prefix}.py"), Path(f"{prefix}.pth")
    with atomic_files(*files) as (code, weights):
        code.write_text(source, encoding="utf-8")
        torch.save({name: tensor.contiguous() for name, tensor in state.items()}, weights)
        if check:
            _check(graph, code, weights, tolerance)
    return files


def _check(graph: Graph, code: Path, weights: Path, tolerance: float) -> None:
    module = load(code.read_text(encoding="utf-8"), torch.load(weights, weights_only=True))
    inputs = random_inputs(graph)
    differences = _differences(graph, module, inputs, np.float32)
    if all(difference <= tolerance for difference in differences):
        return
    in_float64 = _differences(graph, module.double(), inputs, np.float64)
    if all(difference <= tolerance for difference in in_float64):
        return
    for name, difference in zip(graph.outputs, differences, strict=True):
        if not difference <= tolerance:
            raise DifferentError(
                f"the module does not compute the graph's numbers: {name} differs by {difference:.1e}", name
            )


def _differences(
    graph: Graph, module: nn.Module, inputs: Mapping[str, np.ndarray], dtype: type[np.floating]
) -> list[float]:
    """The relative L2 difference of each output, both computed in `dtype`: in float64 rounding does not show."""
    with torch.no_grad():
        result = module(*(torch.from_numpy(array.astype(dtype)) for array in inputs.values()))
    results = [result] if isinstance(result, torch.Tensor) else list(result)
    tops = {top: array for (_, top), array in run(graph, inputs, dtype=dtype).items()}
    wanted = [tops.get(value.top or value.name, inputs.get(value.name)) for value in graph.outputs.values()]
    pairs = zip(results, wanted, strict=True)
    return [float("inf") if expected is None else relative_l2(actual.numpy(), expected) for actual, expected in pairs]

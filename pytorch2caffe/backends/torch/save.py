"""Source and weights as files."""

from __future__ import annotations

from pathlib import Path

import torch

from caffe_proto import atomic_files

from ...errors import ConversionError, DifferentError
from ...graph.graph import Graph
from ...runtime.random_inputs import random_inputs
from ...runtime.run import relative_l2, run
from .generate import generate, load

MOST_BYTES = 1 << 30  # of weights that nobody gave


def save_torch(graph: Graph, prefix: str | Path, *, check: bool = True, tolerance: float = 1e-4) -> tuple[Path, Path]:
    """Writes PREFIX.py, a file that defines one nn.Module, and PREFIX.pth, its state_dict: both, or none.

    check: before they appear, load them and compare the module's outputs with the graph's own on a random input;
           tolerance is the largest difference, relative L2.

    Returns the two paths. Raises UnsupportedError naming every layer that has no PyTorch form, DifferentError if the
    outputs differ; then nothing is written.
    """
    source, state = generate(graph)
    size = sum(tensor.nbytes for tensor in state.values() if tensor.numel() > 1 and not any(tensor.stride()))
    if size > MOST_BYTES:
        raise ConversionError(f"{size:,} bytes of weights that are all one number: give the caffemodel")
    files = Path(f"{prefix}.py"), Path(f"{prefix}.pth")
    with atomic_files(*files) as (code, weights):
        code.write_text(source, encoding="utf-8")
        torch.save({name: tensor.contiguous() for name, tensor in state.items()}, weights)
        if check:
            _prove(graph, code, weights, tolerance)
    return files


def _prove(graph: Graph, code: Path, weights: Path, tolerance: float) -> None:
    module = load(code.read_text(encoding="utf-8"), torch.load(weights, weights_only=True))
    inputs = random_inputs(graph)
    with torch.no_grad():
        result = module(*(torch.from_numpy(array) for array in inputs.values()))
    found = [result] if isinstance(result, torch.Tensor) else list(result)
    tops = {top: array for (_, top), array in run(graph, inputs).items()}
    wanted = [tops.get(value.top or value.name, inputs.get(value.name)) for value in graph.outputs.values()]
    for name, actual, expected in zip(graph.outputs, found, wanted, strict=True):
        difference = float("inf") if expected is None else relative_l2(actual.numpy(), expected)
        if not difference <= tolerance:
            raise DifferentError(f"the module does not give the same numbers: {name} differs by {difference:.1e}", name)

"""Running a graph layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import torch

from ..errors import ConversionError
from ..graph.graph import Graph, Value
from .build import build, source_of


def relative_l2(actual: np.ndarray, expected: np.ndarray) -> float:
    """The distance of two arrays relative to the second's norm; inf where the shapes differ."""
    if actual.shape != expected.shape:
        return float("inf")
    norm = float(np.linalg.norm(expected.astype(np.float64)))
    return float(np.linalg.norm(actual.astype(np.float64) - expected)) / (norm or 1.0)


def run(
    graph: Graph, inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """Runs a graph layer by layer, each by the source it prints.

    inputs: arrays by the name of the graph's inputs, float32, of any batch size that the layers allow.
    wanted: the values of interest, by name; all of them unless given.

    Returns the values by (layer name, top name), in the order of the layers. Raises ConversionError if an input
    is missing.
    """
    values: dict[Value, torch.Tensor] = {}
    for value in graph.inputs:
        if value.name not in inputs:
            raise ConversionError(f"input {value.name!r} is missing; given: {', '.join(inputs) or 'none'}")
        values[value] = torch.from_numpy(np.require(inputs[value.name], np.float32, "C"))
    found: dict[tuple[str, str], np.ndarray] = {}
    last_use = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    with torch.no_grad():
        for index, node in enumerate(graph.nodes):
            result = build(source_of(node))(*(values[value] for value in node.inputs))
            results = result if isinstance(result, (tuple, list)) else [result]
            for value, tensor in zip(node.outputs, results, strict=True):
                values[value] = tensor
                top = value.top or value.name
                if wanted is None or top in wanted:
                    found[node.label or node.name, top] = tensor.numpy().copy()
            for value in (*node.inputs, *node.outputs):
                if last_use.get(value, index) == index:
                    values.pop(value, None)
    return found

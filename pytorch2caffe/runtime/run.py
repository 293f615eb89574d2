"""Runs a graph layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import torch

from ..errors import ConversionError
from ..graph.graph import Graph, Node, Value
from .build import build
from .source import source_of


def relative_l2(actual: np.ndarray, expected: np.ndarray) -> float:
    """|actual - expected| / |expected|, Euclidean; inf if the shapes differ, not divided if `expected` is 0."""
    if actual.shape != expected.shape:
        return float("inf")
    norm = float(np.linalg.norm(expected.astype(np.float64)))
    return float(np.linalg.norm(actual.astype(np.float64) - expected)) / (norm or 1.0)


def run(
    graph: Graph,
    inputs: Mapping[str, np.ndarray],
    wanted: Collection[str] | None = None,
    *,
    dtype: type[np.floating] = np.float32,
) -> dict[tuple[str, str], np.ndarray]:
    """Runs a graph layer by layer, each layer by its PyTorch source.

    inputs: arrays by the names of the graph's inputs, float32, of any batch size that the layers support.
    wanted: the names of the values to return; all values unless given.
    dtype:  the type to compute in, numpy.float32 or numpy.float64: two forms of one network that differ in float32, and
            not in float64, differ by rounding only.

    Returns {(layer name, top name): array} in the order of the layers. Raises ConversionError if an input is missing.
    """
    values: dict[Value, torch.Tensor] = {}
    for value in graph.inputs:
        if value.name not in inputs:
            raise ConversionError(
                f"there is no array for input {value.name!r}, only for: {', '.join(inputs) or 'none'}"
            )
        values[value] = torch.from_numpy(np.require(inputs[value.name], dtype, "C"))
    arrays: dict[tuple[str, str], np.ndarray] = {}
    last_use = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    with torch.no_grad():
        for index, node in enumerate(graph.nodes):
            layer = build(source_of(node), dtype=torch.float64 if dtype is np.float64 else torch.float32)
            result = layer(*(values[value] for value in node.inputs))
            results = result if isinstance(result, (tuple, list)) else [result]
            for value, tensor in zip(node.outputs, results, strict=True):
                values[value] = tensor
                top = value.top or value.name
                if wanted is None or top in wanted:
                    arrays[node.label or node.name, top] = tensor.numpy().copy()
            for value in (*node.inputs, *node.outputs):
                if last_use.get(value, index) == index:
                    values.pop(value, None)
    return arrays


def compute(node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of one layer in float32, for arrays of its inputs."""
    with torch.no_grad():
        result = build(source_of(node))(*(torch.from_numpy(np.require(array, np.float32, "C")) for array in inputs))
    return [tensor.numpy().copy() for tensor in (result if isinstance(result, (tuple, list)) else [result])]

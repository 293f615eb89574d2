"""-inf and the lowest float, and inf and the largest one: the same where no layer's output depends on which it is.

A Caffe file has no inf, so a padding of -inf before max pooling is written as the lowest float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from ..graph.graph import Graph, Node, Value
from ..runtime.build import build
from ..runtime.source import source_of

LARGEST = float(np.finfo(np.float32).max)


def with_inf(array: np.ndarray) -> np.ndarray:
    """`array` with inf and -inf in place of the largest and the lowest float32."""
    if not np.any(np.abs(array) == LARGEST):
        return array
    return np.where(np.abs(array) == LARGEST, np.copysign(np.inf, array), array)


def with_largest(array: np.ndarray) -> np.ndarray:
    """`array` with the largest and the lowest float32 in place of inf and -inf."""
    return np.where(np.isinf(array), np.copysign(np.float32(LARGEST), array), array)


@torch.no_grad()
def interchangeable(graph: Graph, values: Mapping[str, np.ndarray]) -> set[str]:
    """The names of values that hold inf, where the largest float would give the same outputs of the network.

    values: the array of every value of the graph, by name.

    Such a value is not an output, and every layer that reads it computes the same from both, as a maximum does, or
    moves the numbers into such a value.
    """
    outputs, consumers = set(graph.outputs.values()), graph.consumers()
    found: set[Value] = set()
    for value in reversed(list(graph.values())):
        array = values.get(value.name)
        if array is None or value in outputs or not np.isinf(array).any():
            continue
        if all(_same_from_both(node, value, values, found) for node in consumers.get(value, [])):
            found.add(value)
    return {value.name for value in found}


def _same_from_both(node: Node, value: Value, values: Mapping[str, np.ndarray], found: set[Value]) -> bool:
    if any(read.name not in values for read in node.inputs):
        return False
    layer = build(source_of(node))
    inputs = [torch.from_numpy(values[read.name]) for read in node.inputs]
    replaced = torch.from_numpy(with_largest(values[value.name]))
    others = [replaced if read is value else tensor for read, tensor in zip(node.inputs, inputs, strict=True)]
    for output, one, other in zip(node.outputs, _list(layer(*inputs)), _list(layer(*others)), strict=True):
        a, b = one.numpy(), other.numpy()
        if output in found:
            a, b = with_inf(a), with_inf(b)
        if not np.array_equal(a, b, equal_nan=True):
            return False
    return True


def _list(result: object) -> list[torch.Tensor]:
    return list(result) if isinstance(result, (tuple, list)) else [result]  # type: ignore[list-item]

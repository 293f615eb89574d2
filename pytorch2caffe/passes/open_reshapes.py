"""Reshapes that fit other batches and sizes, or only their own."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from ..graph.graph import Graph, Shape, Value
from ..layers.shape.flatten import Flatten
from ..layers.shape.reshape import Reshape, with_batch_copied


def open_reshapes(graph: Graph, flattens: Callable[[Flatten, Value], bool] | None = None) -> None:
    """Writes dimensions that a Reshape copies as 0, and the only one that is left as -1, if the batch is copied.

    before: x[1, 64, 7, 7] -> Reshape[1, 64, 49] -> y;  x[1, 1, 16, 16] -> Reshape[1, 16, 16] -> y
    after:  x[1, 64, 7, 7] -> Reshape[0, 0, -1] -> y;   x[1, 1, 16, 16] -> Flatten(axis 1, end_axis 2) -> y

    flattens: whether the target has such a Flatten. It is written where two dimensions of a Reshape would be numbers;
    one that the target does not have, as of too many axes, becomes a Reshape.
    """
    for node in graph.nodes:
        layer = node.layer
        if isinstance(layer, Flatten) and flattens is not None and not flattens(layer, node.inputs[0]):
            layer = Reshape(with_batch_copied(node.inputs[0].shape, node.outputs[0].shape))
            node.layer = layer
        if isinstance(layer, Reshape) and layer.axis == 0 and not {0, -1}.intersection(layer.shape[1:]):
            before, after = node.inputs[0].shape, node.outputs[0].shape
            node.layer = Reshape(_open(before, after))
            joining = _joining(before, after) if sum(size > 1 for size in node.layer.shape[1:]) > 1 else None
            if joining is not None and flattens is not None and flattens(joining, node.inputs[0]):
                node.layer = joining


def close_reshapes(graph: Graph) -> None:
    """Writes every dimension of a Reshape as a number, but for a batch that is copied: 0.

    before: x[1, 64, 7, 7] -> Reshape[0, 0, -1] -> y
    after:  x[1, 64, 7, 7] -> Reshape[0, 64, 49] -> y
    """
    for node in graph.nodes:
        layer = node.layer
        if isinstance(layer, Reshape) and {0, -1}.intersection(layer.shape[1:]):
            node.layer = Reshape(with_batch_copied(node.inputs[0].shape, node.outputs[0].shape))


def _joining(before: Shape, after: Shape) -> Flatten | None:
    """The Flatten from `before` to `after` that keeps the first axis, if there is one.

    >>> _joining((1, 1, 16, 16), (1, 16, 16)), _joining((1, 16, 16), (1, 1, 16, 16))
    (Flatten(axis=1, end_axis=2), None)
    """
    joined = len(before) - len(after) + 1
    for start in range(1, len(after)) if joined > 1 else ():
        if after == (*before[:start], prod(before[start : start + joined]), *before[start + joined :]):
            return Flatten(start, start + joined - 1)
    return None


def _open(before: Shape, after: Shape) -> Shape:
    """The dimensions to write. Only the first ones are copied: a 0 stands for the input's dimension of that position.

    >>> _open((1, 64, 7, 7), (1, 64, 49)), _open((1, 49, 64), (1, 7, 7, 64)), _open((2, 3), (3, 2))
    ((0, 0, -1), (0, 7, 7, 64), (3, 2))
    """
    if not before or not after or before[0] != after[0]:
        return after
    dims = list(after)
    for axis, (have, want) in enumerate(zip(before, after, strict=False)):
        if have != want:
            break
        dims[axis] = 0
    left = [axis for axis, size in enumerate(dims) if size > 1]
    if len(left) == 1:
        dims[left[0]] = -1
    return tuple(dims)

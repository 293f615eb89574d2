"""Channel shuffles, as ShuffleNet writes them."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Shape
from ..layers.resize.shuffle_channel import ShuffleChannel
from ..layers.shape.concat import Concat
from ..layers.shape.permute import Permute
from ..layers.shape.reshape import Reshape
from ..layers.shape.slice import Slice
from .drop_unused import drop_unused
from .pairs import pairs


def join_shuffles(graph: Graph) -> None:
    """Joins a view of the channels as groups, their transposition and the view back to one ShuffleChannel.

    before: x[N, 4, H, W] -> Reshape[N, 2, 2, H, W] -> Permute(0, 2, 1, 3, 4) -> Reshape[N, 4, H, W] -> y
    after:  x -> ShuffleChannel(2) -> y

    before: x[N, 4, H, W] -> Slice -> 2 * [N, 2, H, W] -> Concat -> [N, 2, 2 H, W] -> Reshape[N, 4, H, W] -> y
    after:  x -> ShuffleChannel(2) -> y

    Not changed: another transposition, or a view that is also read by another layer.
    """
    _join_sliced(graph)
    alone = {second: first for first, second in pairs(graph)}
    dropped: set[Node] = set()
    for last in graph.nodes:
        middle = alone.get(last)
        first = alone.get(middle) if middle else None
        if middle is None or first is None or not isinstance(last.layer, Reshape):
            continue
        if not isinstance(middle.layer, Permute) or not isinstance(first.layer, Reshape):
            continue
        shape, split = first.inputs[0].shape, first.outputs[0].shape
        swap = (0, 2, 1, *range(3, len(split)))
        if _splits(shape, split) and middle.layer.order == swap and last.outputs[0].shape == shape:
            last.layer, last.inputs = ShuffleChannel(split[1]), first.inputs
            dropped.update((first, middle))
    graph.nodes[:] = [node for node in graph.nodes if node not in dropped]


def _splits(shape: Shape, split: Shape) -> bool:
    """Whether `split` is `shape` with its second axis as two."""
    return len(split) == len(shape) + 1 > 3 and (split[0], split[1] * split[2], *split[3:]) == tuple(shape)


def _join_sliced(graph: Graph) -> None:
    """Joins the groups one below the other, which is how Caffe's layers express a shuffle."""
    alone = {second: first for first, second in pairs(graph)}
    producers = graph.producers()
    for last in graph.nodes:
        below = alone.get(last)
        if below is None or not isinstance(last.layer, Reshape) or not isinstance(below.layer, Concat):
            continue
        cut = producers.get(below.inputs[0])
        if cut is None or not isinstance(cut.layer, Slice) or cut.outputs != below.inputs:
            continue
        (x,), shape = cut.inputs, last.outputs[0].shape
        rank, parts = len(shape), {part.shape for part in cut.outputs}
        if shape == x.shape and len(parts) == 1 and (cut.layer.axis % rank, below.layer.axis % rank) == (1, 2):
            last.layer, last.inputs = ShuffleChannel(len(cut.outputs)), [x]
    drop_unused(graph)

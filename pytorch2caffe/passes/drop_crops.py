"""Crops after pooling that cut nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..graph.graph import Graph, Infer, Node
from ..graph.other_sizes import Misfit, other_scales, shapes_with
from ..layers.indexing.crop import Crop
from ..layers.pooling.pooling import Pooling
from .drop_unused import drop_unused

SPACE = (2, 3)


def drop_crops(graph: Graph, infer: Infer) -> None:
    """Drops the Crops of pooling that rounds down where they cut nothing, and are not needed at another size.

    before: x[1, 8, 16, 16] -> Pooling(kernel 2, stride 2) -> Crop to the size of a convolution -> y[1, 8, 8, 8]
    after:  x[1, 8, 16, 16] -> Pooling(kernel 2, stride 2) -> y[1, 8, 8, 8]

    They are needed if the network without them loads at a size at which rounding up differs from rounding down. Then
    they all stay if the network accepts other sizes, and if it does not, what the Pooling reads is stated to be right
    for one size only: `fix_sizes` inserts one Reshape instead of two layers for each Pooling.
    """
    crops = dict(_without_effect(graph))
    if not crops:
        return
    plain = graph.copy()
    _drop(plain, dict(_without_effect(plain)))
    needed = _rounds_up(plain, infer, {node.name for node in crops})
    if needed and any(_accepts(graph, infer, axis) for axis in SPACE):
        return
    _drop(graph, crops)
    for pool in crops.values() if needed else ():
        pool.inputs[0].fixed |= set(SPACE)


def _without_effect(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """The Crops of a Pooling's windows to as many, each with the Pooling, which nothing else reads."""
    producers, consumers = graph.producers(), graph.consumers()
    for node in graph.nodes:
        if not isinstance(node.layer, Crop) or node.inputs[0].shape != node.outputs[0].shape:
            continue
        pool = producers.get(node.inputs[0])
        if pool is None or not isinstance(pool.layer, Pooling) or pool.layer.global_pooling:
            continue
        if len(consumers[node.inputs[0]]) == 1 and node.inputs[0] not in graph.outputs.values():
            yield node, pool


def _drop(graph: Graph, crops: Mapping[Node, Node]) -> None:
    """Lets each Pooling write what its Crop wrote, under its name."""
    for crop, pool in crops.items():
        pool.name, pool.outputs = crop.name, crop.outputs
    graph.nodes[:] = [node for node in graph.nodes if node not in crops]
    drop_unused(graph)


def _rounds_up(graph: Graph, infer: Infer, names: set[str]) -> bool:
    """Whether the network loads at a size at which a Pooling of these names has a window that rounding down omits."""
    pools = [(node, node.layer) for node in graph.nodes if node.name in names and isinstance(node.layer, Pooling)]
    for axis in SPACE:
        for scale in other_scales(graph, axis, {node.inputs[0].shape[axis] for node, _ in pools}):
            try:
                shapes = shapes_with(graph, infer, axis, scale)
            except Misfit:
                continue
            if any(shapes[node.outputs[0]][2:] != pool.sizes(shapes[node.inputs[0]], "FLOOR") for node, pool in pools):
                return True
    return False


def _accepts(graph: Graph, infer: Infer, axis: int) -> bool:
    try:
        shapes_with(graph, infer, axis)
    except Misfit:
        return False
    return True

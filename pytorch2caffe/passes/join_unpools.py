"""Upsampling by the positions of a pooling that is known."""

from __future__ import annotations

from ..graph.graph import Graph
from ..layers.pooling.max_unpool import MaxPositions, MaxUnpool
from ..layers.pooling.unpool import Unpool


def join_unpools(graph: Graph) -> None:
    """An Unpool whose positions are those of windows that tile its map reads the map itself: it can then be lowered.

    before: x -> MaxPositions -> p; y, p -> Unpool
    after:  y, x -> MaxUnpool

    A frontend runs it. MaxPositions that nothing reads any more is left out.
    """
    producers = graph.producers()
    for node in graph.nodes:
        positions = producers.get(node.inputs[1]) if isinstance(node.layer, Unpool) else None
        if positions is None or not isinstance(positions.layer, MaxPositions) or not isinstance(node.layer, Unpool):
            continue
        windows, (x,) = positions.layer, positions.inputs
        tiled = (windows.stride, windows.pad, windows.dilation) == (windows.kernel, (0, 0), (1, 1))
        sizes = tuple(out * k for out, k in zip(node.inputs[0].shape[2:], windows.kernel, strict=True))
        if tiled and x.shape[2:] == sizes == (node.layer.height, node.layer.width):
            node.layer, node.inputs = MaxUnpool(windows.kernel), [node.inputs[0], x]
    read = {value for node in graph.nodes for value in node.inputs} | {*graph.outputs.values()}
    graph.nodes[:] = [n for n in graph.nodes if not isinstance(n.layer, MaxPositions) or read.intersection(n.outputs)]

"""Pooling whose extra row and column are cut off."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ..graph.graph import Graph, Node, Value
from ..layers.indexing.crop import Crop
from ..layers.pooling.pooling import Pooling
from ..layers.shape.slice import Narrow
from .drop_unused import drop_unused


def floor_pooling(graph: Graph) -> None:
    """Rounds the output size of a Pooling down where the last row or column is cut off: Caffe only rounds up.

    before: x -> Pooling, rounding up -> Crop, or Narrow -> Narrow -> y, as large as rounding down gives
    after:  x -> Pooling, rounding down -> y

    What computed only the size of a Crop is dropped, with all else that no output depends on.
    """
    consumers, outputs = graph.consumers(), set(graph.outputs.values())
    dropped: set[Node] = set()
    for node in graph.nodes:
        pooling = node.layer
        if not isinstance(pooling, Pooling) or pooling.round_mode != "CEIL" or pooling.global_pooling:
            continue
        chain = [node]
        for cut in _cuts_after(node, consumers, outputs):
            if cut.outputs[0].shape[2:] == pooling.sizes(node.inputs[0].shape, "FLOOR"):
                cut.layer, cut.inputs = replace(pooling, round_mode="FLOOR"), node.inputs
                dropped.update(chain)
                break
            chain.append(cut)
    if dropped:
        graph.nodes[:] = [node for node in graph.nodes if node not in dropped]
        drop_unused(graph)


def _cuts_after(node: Node, consumers: Mapping[Value, Sequence[Node]], outputs: Collection[Value]) -> Iterator[Node]:
    """The nodes in a row after a node that cut its last rows and columns, each the only consumer of its input."""
    while node.outputs[0] not in outputs and len(readers := consumers.get(node.outputs[0], [])) == 1:
        pooled, (node,) = node.outputs[0], readers
        if not _cuts_ends(node, pooled):
            return
        yield node


def _cuts_ends(node: Node, value: Value) -> bool:
    """Whether a node returns the first rows and columns of `value`."""
    layer = node.layer
    if isinstance(layer, Crop):
        return node.inputs[0] is value and layer.axis % 4 >= 2 and not any(layer.offset)
    return isinstance(layer, Narrow) and layer.start == 0 and layer.axis >= 2

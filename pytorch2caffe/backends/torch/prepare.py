"""A graph as a person would write it: what codegen does to it before it prints it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Graph, Names, Node, Shape, Value
from ...graph.registry import Layer, Source
from ...layers.pooling.pooling import Pooling
from ...layers.pooling.spp import SPP
from ...layers.shape.slice import Slice
from ...passes.basic import drop_unused
from ...passes.join_batch_norm import join_batch_norm
from ...runtime.build import infer
from .simplify import join_clips


def prepare(graph: Graph) -> Graph:
    """A copy without what reaches no output, without copies of values, with BatchNorm and Scale in one layer,
    pyramids level by level.

    The graph itself, its values and its weights are left as they are.
    """
    copy = graph.copy()
    drop_unused(copy)
    _take_apart(copy)
    _drop_splits(copy)
    _keep_pieces(copy)
    _round_down(copy)
    join_clips(copy)
    join_batch_norm(copy)
    return copy


def _take_apart(graph: Graph) -> None:
    """
    before: x -> SPP -> y
    after:  x -> Pooling -> Flatten -> Concat -> y, once per level
    """
    names = Names(node.name for node in graph.nodes)
    kept: list[Node] = []
    for node in graph.nodes:
        if not isinstance(node.layer, SPP):
            kept.append(node)
            continue
        net = Builder(Graph(), infer)
        net.names, net.scope = names, node.name
        node.layer.lower(net, node.inputs, node.blobs)
        net.graph.nodes[-1].outputs = node.outputs
        kept += net.graph.nodes
    graph.nodes[:] = kept


def _drop_splits(graph: Graph) -> None:
    """
    before: x -> Split -> a, b; a -> ReLU
    after:  x -> ReLU
    """
    same: dict[Value, Value] = {}
    kept = []
    for node in graph.nodes:
        node.inputs = [same.get(value, value) for value in node.inputs]
        if node.layer.type == "Split":
            same.update(dict.fromkeys(node.outputs, node.inputs[0]))
        else:
            kept.append(node)
    graph.nodes[:] = kept
    graph.outputs = {name: same.get(value, value) for name, value in graph.outputs.items()}


@dataclass(frozen=True)
class Piece(Layer):
    """What lies between `start` and `stop` along an axis: a Slice of which but one top is read."""

    type = "Slice"
    axis: int
    start: int
    stop: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        stop = "" if self.stop == shapes[0][self.axis] else self.stop
        return Source(expr=f"{{0}}[{':, ' * self.axis}{self.start or ''}:{stop}]")


def _keep_pieces(graph: Graph) -> None:
    """
    before: x -> Slice -> a, b, with only b read
    after:  x -> Piece -> b
    """
    used = {*graph.consumers(), *graph.outputs.values()}
    for node in graph.nodes:
        wanted = [index for index, value in enumerate(node.outputs) if value in used]
        if isinstance(node.layer, Slice) and len(wanted) == 1:
            axis = node.layer.axis
            edges = [0, *node.layer.slice_point, node.inputs[0].shape[axis]]
            node.layer = Piece(axis, *edges[wanted[0] : wanted[0] + 2])
            node.outputs = [node.outputs[wanted[0]]]


def _round_down(graph: Graph) -> None:
    """
    before: x -> Pooling, rounding up -> Piece -> Piece -> y, as large as rounding down gives
    after:  x -> Pooling, rounding down -> y
    """
    producers = graph.producers()
    shared = {value for value, readers in graph.consumers().items() if len(readers) > 1} | {*graph.outputs.values()}
    for node in list(graph.nodes):
        first, *cuts = _cut_by(node, producers, shared)
        pooling = first.layer
        if not cuts or not isinstance(pooling, Pooling) or pooling.round_mode != "CEIL" or pooling.global_pooling:
            continue
        if pooling.sizes(first.inputs[0].shape, "FLOOR") == node.outputs[0].shape[2:]:
            node.layer, node.inputs = replace(pooling, round_mode="FLOOR"), first.inputs
            gone = [first, *cuts[:-1]]
            graph.nodes[:] = [kept for kept in graph.nodes if kept not in gone]


def _cut_by(node: Node, producers: Mapping[Value, Node], shared: Collection[Value]) -> list[Node]:
    """The node whose output is cut at the end of its space, nobody else reading it, and what cuts it, to `node`."""
    chain = [node]
    while isinstance(chain[0].layer, Piece) and chain[0].layer.start == 0 and chain[0].layer.axis > 1:
        (value,) = chain[0].inputs
        if value not in producers or value in shared:
            break
        chain.insert(0, producers[value])
    return chain

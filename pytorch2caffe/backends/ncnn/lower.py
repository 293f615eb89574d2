"""Rewrites a graph into the layers that ncnn has: a layer that says its `to_ncnn` stays, any other is lowered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refusal, Refused, UnsupportedError
from ...graph.graph import Graph, Infer, Node, Value
from ...graph.lowering import lower
from ...graph.registry import Layer
from ...layers.elementwise.scale import Scale
from ...layers.normalization.layer_norm import LayerNorm, RMSNorm, affine
from ...passes.basic import drop_unused, merge_reshapes, separate_outputs, silence_unused
from ...passes.fold import fold_batch_norm


def lower_for_ncnn(graph: Graph, infer: Infer, *, fold: bool = False) -> Graph:
    """The same network in layers that ncnn has.

    fold: put BatchNorm and Scale into the weights before them.

    Raises UnsupportedError listing every layer that ncnn cannot compute.
    """
    graph = with_affine_norms(graph)
    result = lower(graph, NcnnTarget(graph), infer)
    if result.problems:
        raise UnsupportedError(result.problems, "written for ncnn")
    lowered = result.graph
    drop_unused(lowered)
    merge_reshapes(lowered)
    if fold:
        fold_batch_norm(lowered)
    separate_outputs(lowered)
    silence_unused(lowered)
    return lowered


def with_affine_norms(graph: Graph) -> Graph:
    """A copy in which a normalisation and the Scale that alone reads it are one node.

    before: x -> LayerNorm -> Scale -> y
    after:  x -> AffineNorm -> y
    """
    readers, outputs = graph.consumers(), set(graph.outputs.values())
    joined: dict[Node, Node] = {}
    for node in graph.nodes:
        behind = readers.get(node.outputs[0], []) if node.outputs else []
        if len(behind) != 1 or node.outputs[0] in outputs or not _scales_all(behind[0], node):
            continue
        (scale,) = behind
        if (made := affine(node.layer, scale.layer)) is not None:
            joined[scale] = replace(node, layer=made, outputs=scale.outputs, blobs=scale.blobs)
    gone = {node.inputs[0] for node in joined}
    nodes = [joined.get(node, node) for node in graph.nodes if gone.isdisjoint(node.outputs)]
    return replace(graph, nodes=nodes)


def _scales_all(node: Node, norm: Node) -> bool:
    """Whether a node is a Scale by weights, of all axes that a LayerNorm normalises, or else of the channels."""
    if not isinstance(node.layer, Scale) or len(node.inputs) != 1:
        return False
    rank = len(node.inputs[0].shape)
    return node.blobs[0].ndim == (rank - node.layer.axis if isinstance(norm.layer, (LayerNorm, RMSNorm)) else 1)


class NcnnTarget:
    """ncnn has the layers whose `to_ncnn` does not refuse."""

    name = "ncnn"

    def __init__(self, graph: Graph) -> None:
        readers = graph.consumers()
        types = {value.name: {type(node.layer) for node in readers.get(value, [])} for value in graph.inputs}
        self._may_be_int = {name for name, found in types.items() if len(found) == 1}

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if ncnn has the layer for inputs of these shapes, else the layer's own reason."""
        try:
            form = layer.to_ncnn([value.shape for value in inputs], blobs)
        except Refused as error:
            return Refusal(error.what, error.fix)
        if form.of_ints and inputs[0].name not in self._may_be_int:
            return Refusal(f"ncnn's {layer.type} takes int32, and computed numbers are float32")
        return None

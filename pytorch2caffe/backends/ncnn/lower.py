"""Rewrites a graph into the layers that ncnn has: a layer that says its `to_ncnn` stays, any other is lowered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused, UnsupportedError
from ...graph.graph import Graph, Infer, Node, Value
from ...graph.registry import Layer
from ...layers.elementwise.scale import Scale
from ...layers.normalization.layer_norm import LayerNorm, RMSNorm, affine
from ...passes.basic import drop_unused, merge_reshapes, separate_outputs, silence_unused
from ...passes.fold import fold_batch_norm
from ..caffe.lower import Lowering


def lower_for_ncnn(graph: Graph, infer: Infer, *, fold: bool = False) -> Graph:
    """The same network in layers that ncnn has.

    fold: put BatchNorm and Scale into the weights before them.

    Raises UnsupportedError listing every layer that ncnn cannot compute.
    """
    lowered, problems = _ForNcnn("ncnn", graph, infer).all(with_affine_norms(graph))
    if problems:
        raise UnsupportedError(problems, "written for ncnn")
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


class _ForNcnn(Lowering):
    def __init__(self, name: str, graph: Graph, infer: Infer) -> None:
        super().__init__(name, graph, infer)
        readers = graph.consumers()
        types = {value.name: {type(node.layer) for node in readers.get(value, [])} for value in graph.inputs}
        self.read_alike = {name for name, found in types.items() if len(found) == 1}

    def lacks(self, layer: Layer, *inputs: Value) -> bool:
        """Whether ncnn cannot take this layer, for these inputs or, without any, for none whatever."""
        return not self.takes(layer, inputs, ()) if inputs else type(layer).to_ncnn is Layer.to_ncnn

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> bool:
        """Whether ncnn has this layer for these inputs."""
        return self._reason(layer, inputs, blobs) is None

    def refusal(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refused:
        """What the layer itself says."""
        return self._reason(layer, inputs, blobs) or Refused(f"ncnn has no layer {layer.type}")

    def _reason(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refused | None:
        try:
            made = layer.to_ncnn([value.shape for value in inputs], blobs)
        except Refused as error:
            return error
        if made.of_ints and not (inputs[0] in self.graph.inputs and inputs[0].name in self.read_alike):
            return Refused(f"ncnn's {layer.type} takes int32, and computed numbers are float32")
        return None

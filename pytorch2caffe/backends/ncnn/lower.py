"""Rewrites a graph into the layers that ncnn has: a layer that says its `to_ncnn` stays, any other is lowered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refusal, Refused, UnsupportedError
from ...graph.graph import Graph, Infer, Value
from ...graph.lowering import lower
from ...graph.registry import Layer
from ...passes.runner import run_passes, transformed
from .passes import BEFORE_LOWERING, after_lowering


def lower_for_ncnn(graph: Graph, infer: Infer, *, fold: bool = False) -> Graph:
    """The same network in layers that ncnn has.

    fold: fold BatchNorm and Scale into the preceding weights.

    Raises UnsupportedError listing every layer that ncnn cannot compute.
    """
    graph = transformed(graph, BEFORE_LOWERING)
    result = lower(graph, NcnnTarget(graph), infer)
    if result.problems:
        raise UnsupportedError(result.problems, "written for ncnn")
    run_passes(result.graph, after_lowering(fold=fold))
    return result.graph


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

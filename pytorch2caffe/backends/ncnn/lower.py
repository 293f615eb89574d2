"""Expresses a graph in the layers that ncnn has: those whose `to_ncnn` does not refuse; any other is lowered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...errors import Refusal, Refused, UnsupportedError
from ...formats.ncnn import SeveralSamples
from ...graph.builder import Builder
from ...graph.graph import Graph, Infer, Value
from ...graph.registry import Layer
from ...passes.express import express
from .passes import after_lowering, before_lowering
from .samples import of_several_samples


def lower_for_ncnn(graph: Graph, infer: Infer, *, fold: bool = False, keep: Collection[str] = ()) -> Graph:
    """The same network in layers that ncnn has.

    fold: fold BatchNorm and Scale into the preceding weights.
    keep: names of layers that must not become part of another, because a calibration table names them.

    Raises UnsupportedError listing every layer that ncnn cannot compute.
    """
    lowered = express(graph, NcnnTarget(graph), infer, before_lowering(keep=keep), after_lowering(fold=fold))
    if lowered.problems:
        raise UnsupportedError(lowered.problems, "written for ncnn")
    return lowered.graph


class NcnnTarget:
    """ncnn has the layers whose `to_ncnn` does not refuse."""

    name = "ncnn"
    float32 = True

    def __init__(self, graph: Graph) -> None:
        consumers = graph.consumers()
        types = {value.name: {type(node.layer) for node in consumers.get(value, [])} for value in graph.inputs}
        self._may_be_int = {name for name, layers in types.items() if len(layers) == 1}
        self._of_one_sample = all(value.shape[:1] == (1,) for value in graph.inputs)

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if ncnn has the layer for inputs of these shapes, else the layer's own reason."""
        try:
            form = layer.to_ncnn([value.shape for value in inputs], blobs)
        except Refused as error:
            return Refusal(error.what, error.fix)
        if form.of_ints and inputs[0].name not in self._may_be_int:
            return Refusal(f"ncnn's {layer.type} takes int32, and computed numbers are float32")
        return None

    def own_form(self, net: Builder, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Layers of one sample, for several in a network of one; None where ncnn refuses a layer for another reason."""
        shapes = [value.shape for value in inputs]
        if not self._of_one_sample or len(shapes) != 1:
            return None
        try:
            layer.to_ncnn(shapes, blobs)
        except SeveralSamples:
            return of_several_samples(net, layer, inputs[0], blobs)
        except Refused:
            return None
        return None

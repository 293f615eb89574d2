"""Corrects biases, so that the outputs of int8 layers have the mean that they have in float.

Rounding and clipping shift the mean of an output channel; a bias can take that back. Layer by layer in the order of
execution, each with the input that it has in int8, after the correction of the layers before it.

Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, empirical form.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ..backends.ncnn.table.table import Table
from ..graph.graph import Graph, Node, Value
from ..layers.convolution.convolution import Convolution
from ..layers.linear.inner_product import InnerProduct
from .forward import Forward, call_layer, exact_float32
from .images import Dataset
from .simulate import int8_call

MAX_IMAGES = 64
Values = dict[Value, torch.Tensor]


def correct_biases(graph: Graph, images: Dataset, table: Table, *, batch: int = 4, device: str = "cpu") -> int:
    """Adds to the bias of each layer of the table what its output lacks on average in int8, in place.

    graph:  the network in float, with weights; layers without a bias get one.
    images: the first MAX_IMAGES of them are run, all at once, layer by layer; memory grows with that number.
    table:  the scales; weight scales do not change.

    Returns the number of layers whose bias changed.
    """
    forward = Forward(graph, batch, device)
    named = {node.name: node for node in graph.nodes}
    exact = _inputs(forward, images)
    rounded = [dict(values) for values in exact]
    last_reader = {value: index for index, node in enumerate(forward.graph.nodes) for value in node.inputs}
    corrected = 0
    with exact_float32():
        for index, (node, call) in enumerate(forward.calls):
            results = [call_layer(call, node, values) for values in exact]
            if node.name in table.activations:
                call = int8_call(node, table, device)
            after = [call_layer(call, node, values) for values in rounded]
            if node.name in table.activations:
                axis = 1 if isinstance(node.layer, Convolution) else -1
                lacking = _mean_difference(results, after, axis)
                _add_to_bias(named[node.name], lacking.cpu().numpy())
                after = [[(each[0].movedim(axis, -1) + lacking.float()).movedim(-1, axis)] for each in after]
                corrected += 1
            for values, written in ((exact, results), (rounded, after)):
                for one, tensors in zip(values, written, strict=True):
                    one.update(zip(node.outputs, tensors, strict=True))
                    for value in {*node.inputs, *node.outputs}:
                        if last_reader.get(value, index) == index:
                            one.pop(value, None)
    return corrected


def _inputs(forward: Forward, images: Dataset) -> list[Values]:
    return [
        {value: torch.from_numpy(inputs[value.name]).to(forward.device) for value in forward.graph.inputs}
        for _, inputs in images.first(MAX_IMAGES, forward.batch)
    ]


def _mean_difference(expected: list, actual: list, axis: int) -> torch.Tensor:
    """The mean of expected - actual for each channel, those of an axis, float64 [channels]."""
    total, count = torch.zeros((), dtype=torch.float64), 0
    for (a, *_), (b, *_) in zip(expected, actual, strict=True):
        difference = (a.double() - b.double()).movedim(axis, 0).flatten(1)
        total = total.to(difference.device) + difference.sum(1)
        count += difference.shape[1]
    return total / count


def _add_to_bias(node: Node, lacking: np.ndarray) -> None:
    layer = node.layer
    assert isinstance(layer, (Convolution, InnerProduct))
    weight, *bias = node.blobs
    before = bias[0].astype(np.float64) if bias else 0.0
    node.layer = replace(layer, bias_term=True)
    node.blobs = (weight, (before + lacking).astype(np.float32))

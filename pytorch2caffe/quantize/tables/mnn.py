"""MNN's compression parameters as JSON, for `MNNConvert --compressionParamsFile`.

An entry is for one convolution of the converted network, found by the name of its output. MNN merges a following ReLU
into a convolution, whose output then has that layer's name, so each name that it may have gets an entry; MNN ignores
the others. MNN divides grouped and depthwise convolutions into layers of other names, which stay in float.
Source: alibaba/MNN, tools/converter/source/compression/MNN_compression.proto, and common/FullQuantAndCoding.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import Refused
from ...graph.graph import Node, Value
from ...layers.activation.relu import ReLU
from ...layers.elementwise.scale import Scale
from ...layers.linear.inner_product import InnerProduct
from ...layers.normalization.batch_norm import BatchNorm
from ..calibration import Layer
from ..result import JobResult
from ..thresholds import LEVELS
from .blobs import blob_thresholds, name_of


def text(result: JobResult) -> str:
    """The parameters of every layer that is not kept in float. Raises Refused if MNN would change the weights."""
    thresholds = blob_thresholds(result, "mnn")
    nodes, consumers = {node.name: node for node in result.graph.nodes}, result.graph.consumers()
    entries = [
        _entry(layer, blob, thresholds[name_of(value, "mnn")])
        for layer in result.calibration.layers
        if not layer.reason and getattr(layer.node.layer, "group", 1) == 1
        for value in _outputs(nodes[layer.node.name], consumers)
        for blob in _names(layer.node, value)
        if name_of(value, "mnn") in thresholds
    ]
    parameters = {"roundMode": "ROUND_AWAY_FROM_ZERO", "layer": entries}
    pipeline = {"version": "0.0.0", "algo": [{"type": "QUANTIZE", "quantParams": parameters}]}
    return json.dumps(pipeline, indent=1) + "\n"


def _entry(layer: Layer, output: str, threshold: float) -> dict[str, Any]:
    assert layer.activation.threshold is not None
    steps = [1 / scale if scale > 0 else 1.0 for scale in layer.weights.tolist()]
    return {
        "input": [_tensor(layer.node.inputs[0].top or "", [layer.activation.threshold / LEVELS])],
        "weight": [_tensor(f"{layer.node.name}_weight", steps)],
        "output": [_tensor(output, [threshold / LEVELS])],
    }


def _tensor(name: str, scales: list[float]) -> dict[str, Any]:
    return {"name": name, "bits": 8, "scales": scales, "clampMin": -LEVELS, "clampMax": LEVELS}


def _outputs(node: Node, consumers: Mapping[Value, list[Node]]) -> Iterator[Value]:
    """The output of a layer, and that of a ReLU that alone reads it."""
    (value,) = node.outputs
    yield value
    readers = consumers.get(value, [])
    if any(isinstance(reader.layer, (BatchNorm, Scale)) for reader in readers):
        raise Refused(
            f"{node.name} has a BatchNorm or Scale after it, which MNN folds into its weights",
            "calibrate with --fold-bn: then the scales are for these weights",
        )
    if len(readers) == 1 and isinstance(readers[0].layer, ReLU) and not readers[0].layer.negative_slope:
        yield readers[0].outputs[0]


def _names(node: Node, value: Value) -> list[str]:
    """The names that a convolution's output may have: MNN reshapes before and after an InnerProduct."""
    blob = name_of(value, "mnn")
    return [blob, f"____reshape2____{blob}"] if isinstance(node.layer, InnerProduct) else [blob]

"""ncnn's int8 arithmetic in PyTorch: what a layer computes with its scales.

    x8 = round(x * s), w8 = round(w * t), both clipped to +-127, halves away from zero
    y  = sum(x8 * w8) / (s * t) + bias, or only bias for outputs with t = 0

Sums are sums of integers in float32: exact up to 2^24, rounded in the last bit above. Where ncnn passes int8 from one
convolution to the next without float in between, it computes the same.

Source: ncnn, src/layer/convolution.cpp, convolutiondepthwise.cpp and innerproduct.cpp, forward_int8.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import conv2d, linear

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.table.weights import MAX_INT8, weight_rows
from ..graph.graph import Graph, Node
from ..layers.convolution.convolution import Convolution
from ..layers.linear.inner_product import InnerProduct

Call = Callable[[torch.Tensor], torch.Tensor]


def int8_calls(graph: Graph, table: Table, device: str = "cpu") -> dict[str, Call]:
    """A callable for each layer that `table` has in int8, by the layer's name; for `Forward.run(replace=...)`."""
    nodes = {node.name: node for node in graph.nodes}
    return {name: int8_call(nodes[name], table, device) for name in table.activations}


def int8_call(node: Node, table: Table, device: str = "cpu") -> Call:
    """A Convolution or InnerProduct in int8, as a callable from its input to its output."""
    layer = node.layer
    assert isinstance(layer, (Convolution, InnerProduct))
    scale = np.float32(table.activations[node.name])
    scales = table.weights[node.name].astype(np.float32)
    rows = weight_rows(node)
    weight = _quantize(torch.from_numpy(rows * scales[:, None]))
    dequantize = np.divide(1, scale * scales, out=np.zeros_like(scales), where=scales > 0)
    dequantize = np.repeat(dequantize, layer.num_output // len(scales))
    weight8, factor = weight.to(device), torch.from_numpy(dequantize).to(device)
    bias = torch.from_numpy(node.blobs[1].copy()).to(device) if layer.bias_term else None
    if isinstance(layer, InnerProduct):
        return _inner_product(layer, weight8, float(scale), factor, bias)
    return _convolution(layer, weight8.reshape(node.blobs[0].shape), float(scale), factor, bias)


def _convolution(
    layer: Convolution, weight: torch.Tensor, scale: float, factor: torch.Tensor, bias: torch.Tensor | None
) -> Call:
    weight = weight.to(memory_format=torch.channels_last)
    stride, pad, dilation = list(layer.stride), list(layer.pad), list(layer.dilation)

    def run(x: torch.Tensor) -> torch.Tensor:
        y = conv2d(_quantize(x * scale), weight, None, stride, pad, dilation, layer.group)
        y = y * factor[:, None, None]
        return y if bias is None else y + bias[:, None, None]

    return run


def _inner_product(
    layer: InnerProduct, weight: torch.Tensor, scale: float, factor: torch.Tensor, bias: torch.Tensor | None
) -> Call:
    def run(x: torch.Tensor) -> torch.Tensor:
        y = linear(_quantize(x.flatten(layer.axis % x.ndim) * scale), weight) * factor
        return y if bias is None else y + bias

    return run


def _quantize(x: torch.Tensor) -> torch.Tensor:
    """Rounded to the nearest integer, halves away from zero, and clipped to +-127."""
    return (x.sign() * (x.abs() + 0.5).floor()).clamp(-MAX_INT8, MAX_INT8)

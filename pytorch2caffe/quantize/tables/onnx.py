"""An ONNX network with QuantizeLinear and DequantizeLinear (QDQ) at the input and weights of each int8 layer.

onnxruntime, TensorRT, TVM and OpenVINO read it. Weights stay float32 before their QuantizeLinear; runtimes fold that.
Values are rounded half to even and may be -128, where ncnn rounds halves away from 0 and has -127.
Source: onnx.ai, operators QuantizeLinear and DequantizeLinear; onnxruntime.ai, "Quantize ONNX models", QDQ.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from ...backends.ncnn.table.weights import weight_rows
from ...errors import Refused
from ...graph.graph import Graph, Value
from ...layers.convolution.convolution import Convolution
from ...layers.linear.inner_product import InnerProduct
from ...runtime.build import build
from ...runtime.source import source_of
from ..calibration import Layer
from ..forward import call_layer
from ..result import JobResult

OPSET = 13  # the first with scales per channel
LOWEST, HIGHEST = -128, 127
Call = Callable[[torch.Tensor], torch.Tensor]


def content(result: JobResult) -> bytes:
    """The ONNX file. Raises Refused if PyTorch's exporter cannot write a layer."""
    graph = result.graph
    quantized = {layer.node.name: _call(layer) for layer in result.calibration.layers if not layer.reason}
    inputs = tuple(torch.zeros(value.shape) for value in graph.inputs)
    try:
        with warnings.catch_warnings(), torch.no_grad(), TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")  # of the exporter about itself, and of traced Python numbers
            torch.onnx.export(
                _Network(graph, quantized),
                inputs,
                path := Path(folder) / "net.onnx",
                opset_version=OPSET,
                input_names=[value.name for value in graph.inputs],
                output_names=list(graph.outputs),
                dynamo=False,
            )
            return path.read_bytes()
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise Refused(f"PyTorch's exporter to ONNX: {str(error)[:300]}", "use another --table-format") from error


class _Network(nn.Module):
    def __init__(self, graph: Graph, quantized: dict[str, Call]) -> None:
        super().__init__()
        self.graph = graph
        self.calls = [(node, quantized.get(node.name) or build(source_of(node))) for node in graph.nodes]

    def forward(self, *inputs: torch.Tensor) -> Sequence[torch.Tensor]:
        values: dict[Value, torch.Tensor] = dict(zip(self.graph.inputs, inputs, strict=True))
        for node, call in self.calls:
            values.update(zip(node.outputs, call_layer(call, node, values), strict=True))
        return [values[value] for value in self.graph.outputs.values()]


def _call(layer: Layer) -> Call:
    """A Convolution or InnerProduct with its input and weights through int8."""
    node, kind = layer.node, layer.node.layer
    assert isinstance(kind, (Convolution, InnerProduct))
    step = 1 / layer.activation.scale
    scales = torch.from_numpy(layer.weights).repeat_interleave(kind.num_output // len(layer.weights))
    steps = torch.where(scales > 0, 1 / scales, 1.0).float()
    shape = node.blobs[0].shape if isinstance(kind, Convolution) else (kind.num_output, -1)
    weight = torch.from_numpy(np.array(weight_rows(node), np.float32)).reshape(shape)
    bias = torch.from_numpy(node.blobs[1].copy()) if kind.bias_term else None

    def quantize(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        zeros = torch.zeros(len(steps), dtype=torch.int32)
        narrow = torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, LOWEST, HIGHEST)
        return torch.fake_quantize_per_tensor_affine(x, step, 0, LOWEST, HIGHEST), narrow

    def convolution(x: torch.Tensor) -> Any:
        x, narrow = quantize(x)
        assert isinstance(kind, Convolution)
        sizes = list(kind.stride), list(kind.pad), list(kind.dilation)
        return nn.functional.conv2d(x, narrow, bias, *sizes, kind.group)

    def inner_product(x: torch.Tensor) -> Any:
        x, narrow = quantize(x)
        assert isinstance(kind, InnerProduct)
        return nn.functional.linear(x.flatten(kind.axis % x.ndim), narrow, bias)

    return convolution if isinstance(kind, Convolution) else inner_product

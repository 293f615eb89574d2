"""Batch normalization: Caffe's BatchNorm normalizes, its Scale applies weight and bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.scale import Scale
from .batch_statistics_norm import BatchStatisticsNorm
from .scale_and_shift import scale_and_shift


@layer("BatchNorm", param="batch_norm_param")
class BatchNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) per channel. Blobs: mean, variance, and the factor both are divided by.

    use_global_stats: with the blobs' statistics, as at inference; else with those of the batch itself.
    Source: BVLC Caffe, batch_norm_layer.cpp.
    """

    legacy_name = "batch_norm"
    needs_weights = True
    in_place = True

    use_global_stats: bool = True
    eps: float = 1e-5

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    def to_caffe(self) -> dict[str, Any]:
        return {"use_global_stats": self.use_global_stats, **self.settings()}

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(shapes[0][1],), (shapes[0][1],), (1,)]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if not self.use_global_stats:
            return Source(expr=f"F.batch_norm({{0}}, None, None, training=True, eps={number(self.eps)})")
        return batch_norm_module(shapes[0], self.eps, blobs, affine=False)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        if not self.use_global_stats:
            raise Refused(
                "BatchNorm with the statistics of the batch has no operator in MMdnn's IR", "set use_global_stats: true"
            )
        return batch_norm_operator(net, inputs[0], self.eps, blobs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if not self.use_global_stats:
            raise Refused("BatchNorm with the statistics of the batch has no ncnn layer", "set use_global_stats: true")
        one_sample(shapes[0], 2, 3, 4, 5)
        mean, variance, factor = (blob.reshape(-1) for blob in blobs)
        unit = 1 / factor[0] if factor[0] else np.float32(0)
        weights = np.ones_like(mean), mean * unit, variance * unit, np.zeros_like(mean)
        return Ncnn("BatchNorm", {0: mean.size, 1: self.eps}, weights)


def batch_norm_module(shape: Sequence[int], eps: float, blobs: Sequence[np.ndarray], affine: bool) -> Source:
    """nn.BatchNorm1d, 2d or 3d with the statistics in `blobs` (mean, variance, factor)."""
    mean, variance, factor = blobs
    scale = 1 / factor.item() if factor.item() else 0.0
    if scale != 1:
        mean, variance = _times(mean, scale), _times(variance, scale)
    rank = max(len(shape) - 2, 1)
    if rank > 3:
        raise Refused(f"BatchNorm of {len(shape)} axes", "use N, C and at most three more axes")
    arguments = f"{shape[1]}" + ("" if eps == np.float32(1e-5) else f", eps={number(eps)}")
    state = {"running_mean": mean.reshape(-1), "running_var": variance.reshape(-1)}
    return Source(f"nn.BatchNorm{rank}d({arguments}{'' if affine else ', affine=False'})", state=state)


def _times(array: np.ndarray, factor: float) -> np.ndarray:
    """The product; for an array that repeats one element without memory for each, another such array."""
    if array.size and not any(array.strides):
        return np.broadcast_to(array.flat[0] * np.float32(factor), array.shape)
    return array * np.float32(factor)


def batch_norm_operator(net: IrNet, x: Edge, eps: float, blobs: Sequence[np.ndarray]) -> Edge:
    """The IR's BatchNorm. blobs: mean, variance and factor, then optionally scale and bias."""
    mean, variance, factor, *affine = blobs
    unit = 1 / factor.item() if factor.item() else 0.0
    named = dict(zip(("scale", "bias"), affine, strict=False))
    weights = {"mean": mean.reshape(-1) * np.float32(unit), "var": variance.reshape(-1) * np.float32(unit), **named}
    x, order = net.last(x, 1)
    y = net.op("BatchNorm", x, weights=weights, epsilon=eps, scale="scale" in named, bias="bias" in named)
    return net.transpose(y, order)


@from_torch("torch.nn.functional.batch_norm")
def batch_norm(
    net: Builder,
    input: Value,
    running_mean: Operand | None,
    running_var: Operand | None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Value:
    if isinstance(running_mean, Value) or isinstance(running_var, Value):
        raise Refused("batch_norm with statistics that depend on the input", "use parameters, or arithmetic")
    if isinstance(weight, Value) or isinstance(bias, Value):
        raise Refused("batch_norm with weights that depend on the input", "use parameters, or arithmetic")
    if training or running_mean is None or running_var is None:
        y = net.add(BatchStatisticsNorm(eps), input)
    else:
        y = net.add(BatchNorm(True, eps), input, blobs=[running_mean, running_var, np.ones(1, np.float32)])
    return scale_and_shift(net, y, weight, bias, 1)


@from_torch("torch.batch_norm")
def torch_batch_norm(
    net: Builder,
    input: Value,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand | None,
    running_var: Operand | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Value:
    return batch_norm(net, input, running_mean, running_var, weight, bias, training, momentum, eps)


@from_ir("BatchNorm", "FusedBatchNorm")
def ir_batch_norm(net: Builder, node: IrOperator, input: Value) -> Value:
    """Per channel; an absent scale is 1, an absent bias 0."""
    mean, var = node.weight("mean", rank=1), node.weight("var", rank=1)
    scale, bias = (node.weight(key, rank=1) if node.has(key) else None for key in ("scale", "bias"))
    eps, axis = node.number("epsilon"), node.axis(input, -1)
    if node.axis(input, node.integer("axis", -1)) != axis:
        raise Refused(f"BatchNorm along axis {node.integer('axis')}, which is not the channels", "transpose before it")
    sizes = {len(array) for array in (mean, var, scale, bias) if array is not None}
    if sizes != {input.shape[axis]}:
        raise Refused(
            f"BatchNorm of {input.shape[axis]} channels with weights for {sorted(sizes)}", "check the weights file"
        )
    if axis == 1:
        return batch_norm(net, input, mean, var, scale, bias, eps=eps)
    factor = (1.0 if scale is None else scale) / np.sqrt(var.astype(np.float64) + eps)
    return net.add(Scale(axis, 1, True), input, blobs=[factor, (0.0 if bias is None else bias) - mean * factor])


@from_onnx("BatchNormalization")
def onnx_batch_normalization(
    net: Builder,
    X: Value,
    scale: Operand,
    B: Operand,
    input_mean: Operand,
    input_var: Operand,
    *,
    node: OnnxNode,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
    is_test: int = 1,
    consumed_inputs: Sequence[int] = (),
) -> Value:
    if training_mode or node.outputs > 1:
        raise Refused("BatchNormalization in training", "export the network in eval mode")
    if not spatial and len(X.shape) > 2:
        raise Refused("BatchNormalization with spatial=0: statistics of each position", "use spatial=1")
    return batch_norm(net, X, input_mean, input_var, scale, B, eps=epsilon)

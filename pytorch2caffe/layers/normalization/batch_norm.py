"""Batch normalisation: Caffe's BatchNorm normalises, its Scale applies weight and bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.scale import Scale
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .mvn import normalise


@layer("BatchNorm", param="batch_norm_param")
class BatchNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) per channel. Blobs: mean, variance, and the factor both are divided by.

    use_global_stats: the blobs' statistics, as at inference; else those of the batch itself.
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
        return _module(shapes[0], self.eps, blobs, affine=False)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        if not self.use_global_stats:
            raise Refused("the IR's BatchNorm has statistics of its own", "use_global_stats: true")
        return _to_ir(net, inputs[0], self.eps, blobs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        if not self.use_global_stats:
            raise Refused("ncnn's BatchNorm has no statistics of the batch itself", "use those of the training")
        one_sample(shapes[0], 2, 3, 4, 5)
        mean, variance, factor = (blob.reshape(-1) for blob in blobs)
        unit = 1 / factor[0] if factor[0] else np.float32(0)
        weights = np.ones_like(mean), mean * unit, variance * unit, np.zeros_like(mean)
        return Ncnn("BatchNorm", {0: mean.size, 1: self.eps}, weights)


def _module(shape: Sequence[int], eps: Any, blobs: Sequence[np.ndarray], affine: Any) -> Any:
    """nn.BatchNorm1d, 2d or 3d with a file's statistics."""
    mean, variance, factor = blobs
    scale = 1 / factor.item() if factor.item() else 0.0
    if scale != 1:
        mean, variance = _times(mean, scale), _times(variance, scale)
    rank = max(len(shape) - 2, 1)
    if rank > 3:
        raise Refused(f"BatchNorm of {len(shape)} axes", "PyTorch takes N, C and up to three axes behind")
    arguments = f"{shape[1]}" + ("" if eps == np.float32(1e-5) else f", eps={number(eps)}")
    state = {"running_mean": mean.reshape(-1), "running_var": variance.reshape(-1)}
    return Source(f"nn.BatchNorm{rank}d({arguments}{'' if affine else ', affine=False'})", state=state)


def _times(array: np.ndarray, factor: Any) -> Any:
    """The product; of zeros that take no memory it takes none either."""
    if array.size and not any(array.strides):
        return np.broadcast_to(array.flat[0] * np.float32(factor), array.shape)
    return array * np.float32(factor)


@dataclass(frozen=True)
class AffineBatchNorm(Layer):
    """BatchNorm and the Scale behind it, which PyTorch has in one. Blobs: BatchNorm's, then Scale's."""

    type = "BatchNorm"
    eps: float = 1e-5
    bias_term: bool = True

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        source = _module(shapes[0], self.eps, blobs[:3], affine=True)
        source.state["weight"] = blobs[3]
        source.state["bias"] = blobs[4] if self.bias_term else np.broadcast_to(np.float32(0), blobs[3].shape)
        return source

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return _to_ir(net, inputs[0], self.eps, blobs)


def _to_ir(net: IrNet, x: Value, eps: Any, blobs: Sequence[np.ndarray]) -> Any:
    """The IR's BatchNorm: mean and variance; scale and bias, if given."""
    mean, variance, factor, *affine = blobs
    unit = 1 / factor.item() if factor.item() else 0.0
    named = dict(zip(("scale", "bias"), affine, strict=False))
    weights = {"mean": mean.reshape(-1) * np.float32(unit), "var": variance.reshape(-1) * np.float32(unit), **named}
    x, order = net.last(x, 1)
    y = net.op("BatchNorm", x, weights=weights, epsilon=eps, scale="scale" in named, bias="bias" in named)
    return net.transpose(y, order)


@layer("BatchStatisticsNorm")
class BatchStatisticsNorm(Layer):
    """BatchNorm with the statistics of the batch itself, which OpenCV and others read otherwise, as PyTorch's."""

    eps: float = 1e-5

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"F.batch_norm({{0}}, None, None, training=True, eps={number(self.eps)})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """As one sample, in which those of a channel lie side by side."""
        (x,) = inputs
        n, channels, *space = x.shape
        x = permute_to(net, reshape_to(net, x, (n, channels, prod(space)), "flat"), (1, 0, 2))
        y = normalise(net, reshape_to(net, x, (1, channels, n, prod(space)), "one"), 2, self.eps)
        y = permute_to(net, reshape_to(net, y, x.shape, "samples"), (1, 0, 2))
        return reshape_to(net, y, inputs[0].shape, "shaped")


@from_torch("torch.nn.functional.batch_norm")
def batch_norm(
    net: Builder,
    input: Value,
    running_mean: Operand,
    running_var: Operand,
    weight: Operand | None = None,
    bias: Operand | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    if any(isinstance(array, Value) for array in (running_mean, running_var, weight, bias)):
        raise Refused("batch_norm with statistics or weights that depend on the input", "use parameters, or arithmetic")
    channels = input.shape[1]
    if training or running_mean is None:
        y = net.add(BatchStatisticsNorm(eps), input)
    else:
        y = net.add(BatchNorm(True, eps), input, blobs=[running_mean, running_var, np.ones(1, np.float32)])
    if weight is None and bias is None:
        return y
    weight = np.ones(channels, np.float32) if weight is None else weight
    return net.add(
        Scale(bias_term=bias is not None), y, blobs=[b for b in (weight, bias) if b is not None], name="scale"
    )


@from_torch("torch.batch_norm")
def torch_batch_norm(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand,
    running_mean: Operand,
    running_var: Operand,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Any:
    return batch_norm(net, input, running_mean, running_var, weight, bias, training, momentum, eps)


@from_ir("BatchNorm", "FusedBatchNorm")
def ir_batch_norm(net: Builder, node: IrOperator, input: Value) -> Any:
    """Per channel; without a scale it is 1, without a bias 0."""
    mean, var = node.weight("mean", rank=1), node.weight("var", rank=1)
    scale, bias = (node.weight(key, rank=1) if node.has(key) else None for key in ("scale", "bias"))
    eps, axis = node.number("epsilon"), node.axis(input, -1)
    if node.axis(input, node.integer("axis", -1)) != axis:
        raise Refused(f"BatchNorm along axis {node.integer('axis')}, which is not the channels", "transpose before it")
    sizes = {len(array) for array in (mean, var, scale, bias) if array is not None}
    if sizes != {input.shape[axis]}:
        raise Refused(f"BatchNorm of {input.shape[axis]} channels with weights for {sorted(sizes)}", "check the .npy")
    if axis == 1:
        return batch_norm(net, input, mean, var, scale, bias, eps=eps)
    factor = (1.0 if scale is None else scale) / np.sqrt(var.astype(np.float64) + eps)
    return net.add(Scale(axis, 1, True), input, blobs=[factor, (0.0 if bias is None else bias) - mean * factor])

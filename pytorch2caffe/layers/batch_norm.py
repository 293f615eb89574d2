"""Batch normalisation: Caffe's BatchNorm normalises, its Scale applies weight and bias."""

from __future__ import annotations

from math import prod

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..registry import Layer, Source, from_torch, layer, number
from .mvn import normalise
from .permute import permute_to
from .reshape import reshape_to
from .scale import Scale


@layer("BatchNorm", param="batch_norm_param")
class BatchNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) per channel. Blobs: mean, variance, and the factor both are divided by.

    use_global_stats: the blobs' statistics, as at inference; else those of the batch itself.
    Source: BVLC Caffe, batch_norm_layer.cpp.
    """

    use_global_stats: bool = True
    eps: float = 1e-5

    def to_caffe(self):
        return {"use_global_stats": self.use_global_stats, **self.settings()}

    def blob_shapes(self, shapes):
        return [(shapes[0][1],), (shapes[0][1],), (1,)]

    def to_torch(self, shapes, blobs):
        if not self.use_global_stats:
            return Source(expr=f"F.batch_norm({{0}}, None, None, training=True, eps={number(self.eps)})")
        mean, variance, factor = blobs
        scale = 1 / factor.item() if factor.item() else 0.0
        if scale != 1:
            mean, variance = mean * np.float32(scale), variance * np.float32(scale)
        rank = max(len(shapes[0]) - 2, 1)
        eps = "" if self.eps == np.float32(1e-5) else f"eps={number(self.eps)}, "
        return Source(
            f"nn.BatchNorm{rank}d({shapes[0][1]}, {eps}affine=False)",
            state={"running_mean": mean.reshape(-1), "running_var": variance.reshape(-1)},
        )


@layer("BatchStatisticsNorm")
class BatchStatisticsNorm(Layer):
    """BatchNorm with the statistics of the batch itself, which OpenCV and others read otherwise, as PyTorch's."""

    eps: float = 1e-5

    def to_torch(self, shapes, blobs):
        return Source(expr=f"F.batch_norm({{0}}, None, None, training=True, eps={number(self.eps)})")

    def lower(self, net, inputs, blobs):
        """As one sample, in which those of a channel lie side by side."""
        (x,) = inputs
        n, channels, *space = x.shape
        x = permute_to(net, reshape_to(net, x, (n, channels, prod(space)), "flat"), (1, 0, 2))
        y = normalise(net, reshape_to(net, x, (1, channels, n, prod(space)), "one"), 2, self.eps)
        y = permute_to(net, reshape_to(net, y, x.shape, "samples"), (1, 0, 2))
        return reshape_to(net, y, inputs[0].shape, "shaped")


@from_torch("torch.nn.functional.batch_norm")
def batch_norm(net, input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
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
def torch_batch_norm(net, input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=False):
    return batch_norm(net, input, running_mean, running_var, weight, bias, training, momentum, eps)

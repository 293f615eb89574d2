"""Layers of several samples in a network of one: heads, windows and frames that are the first axis of a value.

ncnn's layers for images have no batch axis. A convolution or pooling of several samples is the same of more channels;
one with large weights is that of the samples below each other; any other layer is repeated for each sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import Layer
from ...layers.convolution.convolution import Convolution
from ...layers.convolution.kernel import Kernel
from ...layers.indexing.cut import crop
from ...layers.pooling.pooling import Pooling
from ...layers.shape.concat import Concat
from ...layers.shape.pad import Pad
from ...layers.shape.permute import permute_to
from ...layers.shape.reshape import reshape_to
from ...layers.shape.slice import slice_at

MOST_REPEATED = 1 << 20  # numbers of weights: 4 MB
MOST_LAYERS = 64


def of_several_samples(net: Builder, layer: Layer, x: Value, blobs: Sequence[np.ndarray]) -> Value | None:
    """A layer that gives each sample of `x` its own result, in layers of one sample; None if that needs too many."""
    samples = x.shape[0]
    if isinstance(layer, Convolution) and len(layer.kernel_size) == 2 and samples * blobs[0].size > MOST_REPEATED:
        return _below_each_other(net, layer, x, blobs)
    if isinstance(layer, Kernel):
        blobs = [np.tile(blob, (samples, *(1,) * (blob.ndim - 1))) for blob in blobs]
        layer = replace(layer, num_output=samples * layer.num_output, group=samples * layer.group)
        return _as_channels(net, layer, x, blobs)
    if isinstance(layer, Pooling):
        return _as_channels(net, layer, x, blobs)
    if samples > MOST_LAYERS:
        return None
    each = [net.add(layer, part, blobs=blobs, name="sample") for part in slice_at(net, x, 0, range(1, samples), "part")]
    return net.add(Concat(0), *each)


def _as_channels(net: Builder, layer: Layer, x: Value, blobs: Sequence[np.ndarray]) -> Value:
    """x[N, C, H, W] -> Reshape[1, N * C, H, W] -> the layer -> Reshape."""
    one = reshape_to(net, x, (1, prod(x.shape[:2]), *x.shape[2:]), "samples")
    y = net.add(layer, one, blobs=blobs, name="of_samples")
    return reshape_to(net, y, (x.shape[0], y.shape[1] // x.shape[0], *y.shape[2:]))


def _below_each_other(net: Builder, layer: Convolution, x: Value, blobs: Sequence[np.ndarray]) -> Value:
    """x[N, C, H, W] -> Pad -> Permute -> Reshape[1, C, N * H', W] -> the layer -> Reshape -> Permute -> its first rows.

    H' is a multiple of the stride. Windows that would cover rows of two samples give rows that are dropped.
    """
    samples, channels, rows, columns = x.shape
    (pad, _), (stride, _) = layer.pad, layer.stride
    extent = layer.dilation[0] * (layer.kernel_size[0] - 1) + 1
    wanted = (rows + 2 * pad - extent) // stride + 1
    height = -(-(rows + 2 * pad) // stride) * stride
    x = _padded(net, x, pad, height - rows - pad)
    x = reshape_to(net, permute_to(net, x, (1, 0, 2, 3)), (1, channels, samples * height, columns), "below")
    x = _padded(net, x, 0, max(extent - stride, 0))
    y = net.add(replace(layer, pad=(0, layer.pad[1])), x, blobs=blobs, name="of_samples")
    y = reshape_to(net, y, (layer.num_output, samples, height // stride, y.shape[3]), "apart")
    return crop(net, permute_to(net, y, (1, 0, 2, 3)), {2: (0, wanted)})


def _padded(net: Builder, x: Value, above: int, below: int) -> Value:
    pad = Pad((0, 0, above, 0), (0, 0, below, 0))
    return net.add(pad, x, name="padded") if above or below else x

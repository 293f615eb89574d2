"""Cross-layer equalisation: the channels of an activation get similar ranges, and the network computes the same.

One scale holds for a whole activation in int8, so a channel that is 100 times as small as the largest has one step. A
convolution can write that channel 100 times as large, if those that read it divide by 100. A depthwise convolution has
a weight scale for each channel, so this costs nothing there, and its input gets equal ranges. A dense layer has a
weight scale for each output, and its weights become as uneven as the activation becomes even; channel_factors.py finds
the balance.

Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019; for the balance of
activations and weights, Xiao et al., "SmoothQuant", 2022. Here channels are followed through additions, concatenations,
shuffles and pooling as well (channel_groups.py).
"""

from __future__ import annotations

import numpy as np
import torch

from ..errors import ConversionError
from ..graph.graph import Graph, Value
from ..layers.convolution.convolution import Convolution
from ..layers.elementwise.scale import Scale
from ..layers.linear.inner_product import InnerProduct
from ..passes.fold_batch_norm import fold_batch_norm
from ..passes.join_clips import join_clips
from .channel_factors import Ranges, best_factors
from .channel_groups import ChannelGroups, Weighted
from .forward import Forward
from .images import Dataset

MAX_IMAGES = 100


def equalize(graph: Graph, images: Dataset, *, batch: int = 4, device: str = "cpu") -> int:
    """Multiplies channels by factors that their consumers divide by, in place, after folding BatchNorm and Scale.

    The network computes the same up to rounding, for any input where only ReLU and the like are in between. A clip from
    0 to 6 keeps a factor only below its bound: channels that come within 10 % of it on the images are left alone, the
    others are enlarged to at most 90 % of it.

    graph:  the network, with weights.
    images: the calibration images; the first MAX_IMAGES of them are used.

    Returns the number of channels whose factor is not 1.
    Raises ConversionError if the network gives other numbers afterwards.
    """
    fold_batch_norm(graph)
    join_clips(graph)  # ReLU6 as Caffe 1.0 files express it
    groups = ChannelGroups(graph)
    forward = Forward(graph, batch, device)
    ranges = _observed(forward, groups, images)
    factors = best_factors(groups, ranges)
    sample = next(iter(images.batches(1)))[1]
    before = Forward(graph, 1, device).run(sample)
    for weighted in groups.weighted:
        _rescale(weighted, factors)
    after = Forward(graph, 1, device).run(sample)
    for name, expected in before.items():
        if not torch.allclose(after[name], expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max())):
            raise ConversionError(f"output {name} changes when channels are equalized\n  fix: omit --equalize")
    return int(sum((factors[weighted.writes] != 1).sum() for weighted in groups.weighted))


def _observed(forward: Forward, groups: ChannelGroups, images: Dataset) -> dict[str, Ranges]:
    """The ranges of what weighted layers read and of what clips write, by the names of the values."""
    flat = {weighted.node.inputs[0].name for weighted in groups.weighted if weighted.is_flat}
    wanted = {weighted.node.inputs[0].name for weighted in groups.weighted}
    wanted |= {limited.value.name for limited in groups.limited}
    found: dict[str, list[np.ndarray]] = {}

    def watch(value: Value, tensor: torch.Tensor) -> None:
        if value.name not in wanted:
            return
        size = tensor[0].numel() if value.name in flat else tensor.shape[1]
        rows = tensor.abs().reshape(len(tensor), size, -1)
        largest, square = (each.double().cpu().numpy() for each in (rows.amax(2), (rows**2).mean(2)))
        new = [largest.sum(0), largest.max(0), square.sum(0)]
        old = found.get(value.name)
        found[value.name] = [old[0] + new[0], np.maximum(old[1], new[1]), old[2] + new[2]] if old else new

    count = 0
    for done, inputs in images.first(MAX_IMAGES, forward.batch):
        forward.run(inputs, watch)
        count = done
    return {name: Ranges(sums / count, largest, squares / count) for name, (sums, largest, squares) in found.items()}


def _rescale(weighted: Weighted, factors: np.ndarray) -> None:
    """Divides the weights of a node by the factors of what it reads, and multiplies by those of what it writes."""
    node, layer = weighted.node, weighted.node.layer
    reads, writes = factors[weighted.reads], factors[weighted.writes]
    weight, *bias = (blob.astype(np.float64) for blob in node.blobs)
    if isinstance(layer, Scale):
        weight = weight * (writes / reads)
    elif isinstance(layer, Convolution):
        rows = weight.reshape(layer.group, -1, weight.shape[1], weight[0, 0].size)
        divided = rows / reads.reshape(layer.group, 1, -1, 1)
        weight = divided.reshape(weight.shape) * writes.reshape(-1, *(1,) * (weight.ndim - 1))
    elif isinstance(layer, InnerProduct) and layer.transpose:
        weight = weight / reads[:, None] * writes
    else:
        weight = weight / reads * writes[:, None]
    node.blobs = tuple(blob.astype(np.float32) for blob in (weight, *(each * writes for each in bias)))

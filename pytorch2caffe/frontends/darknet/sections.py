"""What each section of a .cfg computes. Source: Darknet, *_layer.c and parser.c."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import TORCH
from ...layers.activation.relu import ReLU
from ...layers.activation.softmax import Softmax
from ...layers.basic.dropout import Dropout
from ...layers.convolution.convolution import Convolution
from ...layers.elementwise.eltwise import Eltwise
from ...layers.linear.inner_product import InnerProduct
from ...layers.normalization.batch_norm import batch_norm
from ...layers.pooling.pooling import Pooling
from ...layers.resize.reorg import reorg
from ...layers.resize.upsample import Upsample
from ...layers.shape.concat import Concat
from ...layers.shape.pad import pad_with
from ...layers.shape.reshape import reshape_to
from ...layers.shape.slice import slice_at
from .files import Section, Weights

EPS = 1e-6  # added after the square root in Darknet, before it here
LOWEST = -3.4e38
BY_TORCH = {"logistic": "torch.sigmoid", "mish": "torch.nn.functional.mish", "swish": "torch.nn.functional.silu"}
BY_TORCH |= {"tanh": "torch.tanh", "relu6": "torch.nn.functional.relu6"}
SLOPES = {"relu": 0.0, "leaky": 0.1}


@dataclass
class Network:
    """A network under construction. values: the input, then one for each section."""

    net: Builder
    weights: Weights
    values: list[Value]

    @property
    def last(self) -> Value:
        """The value that the next section reads."""
        return self.values[-1]

    def at(self, index: int) -> Value:
        """The value of a section, counted from 0, or from the next one back. Raises Refused if there is none yet."""
        count = len(self.values) - 1
        position = count + index if index < 0 else index
        if not 0 <= position < count:
            raise Refused(f"layer {index} is not before it", "name an earlier layer")
        return self.values[1 + position]


def _activated(network: Network, x: Value, section: Section, default: str) -> Value:
    kind = section.text("activation", default)
    if kind == "linear":
        return x
    if kind in SLOPES:
        return network.net.add(ReLU(SLOPES[kind]), x, name=kind)  # type: ignore[no-any-return]
    if kind not in BY_TORCH:
        raise Refused(f"activation={kind}", f"use {', '.join(('linear', *SLOPES, *BY_TORCH))}")
    return TORCH[BY_TORCH[kind]](network.net, x)  # type: ignore[no-any-return]


def convolutional(network: Network, section: Section) -> Value:
    """A convolution; in the file bias, then scale, mean and variance, then the filters."""
    x, size = network.last, section.integer("size", 1)
    filters, group = section.integer("filters", 1), section.integer("groups", 1)
    stride, dilation = section.integer("stride", 1), section.integer("dilation", 1)
    pad = size // 2 if section.integer("pad", 0) else section.integer("padding", 0)
    section.read.add("padding")
    if len(x.shape) != 4 or x.shape[1] % group or filters % group:
        raise Refused(f"a convolution of {x} in {group} groups", "use channels that the groups divide")
    normal, take = bool(section.integer("batch_normalize", 0)), network.weights.take
    bias = take(filters)
    statistics = [take(filters) for _ in range(3)] if normal else []
    weight = take(filters, x.shape[1] // group, size, size)
    layer = Convolution(filters, (size,) * 2, (stride,) * 2, (pad * dilation,) * 2, (dilation,) * 2, group, not normal)
    y: Value = network.net.add(layer, x, blobs=[weight] if normal else [weight, bias], name="conv")
    if normal:
        scale, mean, variance = statistics
        y = batch_norm(network.net, y, mean, variance, scale, bias, eps=EPS)
    return _activated(network, y, section, "logistic")


def maxpool(network: Network, section: Section) -> Value:
    """(size + padding - window) / stride + 1 windows, the first of them padding / 2 before the edge."""
    x, stride = network.last, section.integer("stride", 1)
    size = section.integer("size", stride)
    total = section.integer("padding", size - 1)
    before, pads = total // 2, {}
    for axis in (2, 3):
        windows = (x.shape[axis] + total - size) // stride + 1
        pads[axis] = before, max((windows - 1) * stride + size - x.shape[axis] - before, 0)
    window = size, size, stride, stride
    if all(pair == (before, before) for pair in pads.values()) and 2 * before <= size:
        pool = Pooling("MAX", *window, before, before, round_mode="FLOOR")
        return network.net.add(pool, x)  # type: ignore[no-any-return]
    if any(map(any, pads.values())):
        x = pad_with(network.net, x, pads, LOWEST)
    return network.net.add(Pooling("MAX", *window, round_mode="FLOOR"), x)  # type: ignore[no-any-return]


def avgpool(network: Network, section: Section) -> Value:
    """The mean of each channel."""
    return network.net.add(Pooling("AVE", global_pooling=True), network.last)  # type: ignore[no-any-return]


def route(network: Network, section: Section) -> Value:
    """Layers side by side, or one part of each one's channels."""
    parts = [network.at(index) for index in section.integers("layers", [])]
    groups, wanted = section.integer("groups", 1), section.integer("group_id", 0)
    if not parts or not 0 <= wanted < groups or any(part.shape[1] % groups for part in parts):
        raise Refused(
            f"a route of {len(parts)} layers, part {wanted} of {groups}", "name layers, and a part that is there"
        )
    if groups > 1:
        steps = [[part.shape[1] // groups * i for i in range(1, groups)] for part in parts]
        parts = [slice_at(network.net, part, 1, at, "part")[wanted] for part, at in zip(parts, steps, strict=True)]
    return parts[0] if len(parts) == 1 else network.net.add(Concat(1), *parts)  # type: ignore[no-any-return]


def shortcut(network: Network, section: Section) -> Value:
    """The sum of the last layer and another."""
    others = [network.at(index) for index in section.integers("from", [])]
    if not others or any(other.shape != network.last.shape for other in others):
        raise Refused(f"a shortcut to {network.last} from {others}", "use maps of the same size")
    if section.text("weights_type", "none") != "none":
        raise Refused("a shortcut with weights", "train without weights_type")
    total: Value = network.net.add(Eltwise("SUM"), network.last, *others)
    return _activated(network, total, section, "linear")


def upsample(network: Network, section: Section) -> Value:
    """Each number repeated."""
    if section.text("scale", "1") not in ("1", "1.0"):
        raise Refused("upsample with a scale", "use scale=1")
    return network.net.add(Upsample(section.integer("stride", 2)), network.last)  # type: ignore[no-any-return]


def reorganised(network: Network, section: Section) -> Value:
    """Darknet's own order of a map in more channels."""
    return reorg(network.net, network.last, section.integer("stride", 1), reverse=bool(section.integer("reverse", 0)))


def connected(network: Network, section: Section) -> Value:
    """A matrix; in the file bias, then weights [outputs, inputs]."""
    if section.integer("batch_normalize", 0):
        raise Refused("a connected layer with batch_normalize", "use a convolutional layer of the size of the map")
    x, count = network.last, section.integer("output", 1)
    inputs = int(np.prod(x.shape[1:]))
    bias, weight = network.weights.take(count), network.weights.take(count, inputs)
    y: Value = network.net.add(InnerProduct(count), x, blobs=[weight, bias], name="matrix")
    return _activated(network, y, section, "logistic")


def dropout(network: Network, section: Section) -> Value:
    """The identity at inference."""
    return network.net.add(Dropout(), network.last)  # type: ignore[no-any-return]


def softmax(network: Network, section: Section) -> Value:
    """Over all numbers of a sample."""
    if section.integer("groups", 1) != 1 or section.text("temperature", "1") not in ("1", "1.0"):
        raise Refused("softmax of groups or with a temperature", "use one group, and temperature=1")
    x = network.last
    flat = reshape_to(network.net, x, (x.shape[0], int(np.prod(x.shape[1:]))), "flat") if len(x.shape) > 2 else x
    return network.net.add(Softmax(1), flat)  # type: ignore[no-any-return]


SECTIONS: dict[str, Callable[[Network, Section], Value]] = {
    "avgpool": avgpool,
    "connected": connected,
    "conv": convolutional,
    "convolutional": convolutional,
    "dropout": dropout,
    "max": maxpool,
    "maxpool": maxpool,
    "reorg": reorganised,
    "route": route,
    "shortcut": shortcut,
    "softmax": softmax,
    "upsample": upsample,
}

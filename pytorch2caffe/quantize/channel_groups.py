"""Which channels of a network may be multiplied by a positive number without changing what it computes.

A convolution may write a channel s times as large if everything that reads the channel divides by s. Layers between
pass the factor on: ReLU(s x) = s ReLU(x). Channels that must have one factor are a group: those that a layer adds or
takes the maximum of, and those that one weight reads. Channels that are an input or output of the network, or that
another kind of layer reads, have the factor 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..graph.graph import Graph, Node, Value
from ..layers.activation.clip import Clip, ReLU6
from ..layers.activation.prelu import PReLU
from ..layers.activation.relu import ReLU
from ..layers.basic.dropout import Dropout
from ..layers.convolution.convolution import Convolution
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.scale import Scale, per_channel
from ..layers.linear.inner_product import InnerProduct
from ..layers.pooling.pooling import Pooling
from ..layers.reduction.reduce import Reduce
from ..runtime.build import build
from ..runtime.source import source_of

FIXED = 0  # the group with the factor 1
KEEP_FACTOR = (ReLU, PReLU, Pooling, Dropout)  # f(s x) = s f(x) for s > 0, channel by channel


@dataclass(frozen=True)
class Weighted:
    """A node whose weights take up the factors: a Convolution, an InnerProduct or a Scale per channel.

    reads:  the group of each channel of its input; of each feature for an InnerProduct.
    writes: the group of each channel of its output.
    """

    node: Node
    reads: np.ndarray
    writes: np.ndarray

    @property
    def is_flat(self) -> bool:
        """Whether it reads features, not channels."""
        return isinstance(self.node.layer, InnerProduct)


@dataclass(frozen=True)
class Limited:
    """A clip from 0 to `high`: a group keeps its factor only if no channel of it reaches `high`, before or after."""

    value: Value
    groups: np.ndarray
    high: float


class ChannelGroups:
    """The groups of a network's channels. The weights of BatchNorm must be folded first.

    weighted: the nodes that take up factors; their groups are final.
    limited:  the clips, likewise.
    count:    groups are numbers below it.
    """

    def __init__(self, graph: Graph) -> None:
        self._parents = [FIXED]
        self._groups: dict[Value, np.ndarray] = {}  # of each element of a value, without the batch axis
        uses = Counter(id(blob) for node in graph.nodes for blob in node.blobs)
        self._shared = {blob for blob, uses in uses.items() if uses > 1}
        for value in graph.inputs:
            self._groups[value] = _fixed(value)
        weighted: list[Node] = []
        limited: list[tuple[Value, float]] = []
        for node in graph.nodes:
            if self._is_weighted(node):
                weighted.append(node)
                self._of_channels(node.inputs[0], flat=isinstance(node.layer, InnerProduct))
                self._groups[node.outputs[0]] = _spread(self._new(node), node.outputs[0])
                continue
            results = self._passed_on(node)
            if results is None:
                self._fix(node.inputs)
                results = [_fixed(value) for value in node.outputs]
            elif (high := _clips_at(node)) is not None:
                limited.append((node.outputs[0], high))
            self._groups.update(zip(node.outputs, results, strict=True))
        self._fix(graph.outputs.values())
        self.weighted = [
            Weighted(
                node,
                self._of_channels(node.inputs[0], flat=isinstance(node.layer, InnerProduct)),
                self._of_channels(node.outputs[0]),
            )
            for node in weighted
        ]
        self.limited = [Limited(value, self._of_channels(value), high) for value, high in limited]
        self.count = len(self._parents)

    def _is_weighted(self, node: Node) -> bool:
        layer = node.layer
        if self._shared & set(map(id, node.blobs)) or len(node.inputs) != 1:
            return False
        if isinstance(layer, InnerProduct):
            return len(node.outputs[0].shape) == 2
        return isinstance(layer, Convolution) or per_channel(node)

    def _new(self, node: Node) -> np.ndarray:
        """A new group for each output; one for the outputs of a group of a grouped convolution: one weight scale."""
        layer, outputs = node.layer, node.outputs[0].shape[1]
        count = layer.group if isinstance(layer, Convolution) and layer.group > 1 else outputs
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.repeat(np.arange(first, first + count), outputs // count)

    def _passed_on(self, node: Node) -> list[np.ndarray] | None:
        """The groups of each output, for a layer that passes factors on; None for others."""
        layer, inputs = node.layer, [self._groups[value] for value in node.inputs]
        if layer.moves_data and not node.blobs:
            return _moved(node, inputs)
        if isinstance(layer, KEEP_FACTOR) or _clips_at(node) is not None or _is_spatial(layer, node):
            return [_spread(self._of_channels(node.inputs[0]), value) for value in node.outputs]
        if isinstance(layer, Eltwise) and layer.operation in ("SUM", "MAX") and min(layer.coeff, default=1.0) > 0:
            for other in inputs[1:]:
                self._join(inputs[0], other)
            return [inputs[0]]
        is_product = isinstance(layer, Eltwise) and layer.operation == "PROD"
        if (is_product or isinstance(layer, Scale) and not layer.bias_term) and len(inputs) > 1:  # a gate of channels
            self._fix(node.inputs[1:])
            return [inputs[0]] if node.inputs[0] not in node.inputs[1:] else None
        return None

    def _of_channels(self, value: Value, flat: bool = False) -> np.ndarray:
        """The group of each channel; elements of one channel become one group. flat: of each element."""
        groups = self._groups[value]
        if flat:
            return self._roots(groups.reshape(-1))
        rows = groups.reshape(groups.shape[0], -1)
        if rows.strides[1]:
            self._join(np.broadcast_to(rows[:, :1], rows.shape), rows)
        return self._roots(rows[:, 0])

    def _fix(self, values: Iterable[Value]) -> None:
        for value in values:
            self._join(np.zeros(1, np.int64), np.unique(self._groups[value]))

    def _join(self, first: np.ndarray, second: np.ndarray) -> None:
        pairs = np.stack(np.broadcast_arrays(first, second)).reshape(2, -1)
        for one, other in np.unique(pairs[:, pairs[0] != pairs[1]], axis=1).T.tolist():
            a, b = self._root(one), self._root(other)
            self._parents[max(a, b)] = min(a, b)

    def _root(self, group: int) -> int:
        while self._parents[group] != group:
            self._parents[group] = self._parents[self._parents[group]]
            group = self._parents[group]
        return group

    def _roots(self, groups: np.ndarray) -> np.ndarray:
        return np.array([self._root(group) for group in groups.tolist()], np.int64)


def _fixed(value: Value) -> np.ndarray:
    return np.broadcast_to(np.int64(FIXED), value.shape[1:] or (1,))


def _spread(groups: np.ndarray, value: Value) -> np.ndarray:
    """The groups of channels as those of elements."""
    return np.broadcast_to(groups.reshape(-1, *(1,) * (len(value.shape) - 2)), value.shape[1:])


def _moved(node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The groups, moved as the layer moves numbers: by running it on them. float32 has 2^24 integers."""
    call = build(source_of(node))
    given = [torch.from_numpy(groups.astype(np.float32)) for groups in inputs]
    repeated = [each.expand(value.shape[0], *each.shape) for each, value in zip(given, node.inputs, strict=True)]
    result = call(*repeated)
    results = result if isinstance(result, (tuple, list)) else [result] * len(node.outputs)
    return [each[0].numpy().astype(np.int64).reshape(each.shape[1:] or (1,)) for each in results]


def _clips_at(node: Node) -> float | None:
    """The upper bound of a clip from 0; None for other layers."""
    if isinstance(node.layer, ReLU6):
        return 6.0
    return node.layer.max if isinstance(node.layer, Clip) and node.layer.min == 0 < node.layer.max else None


def _is_spatial(layer: object, node: Node) -> bool:
    """Whether it reduces images to a number for each channel, and passes factors on."""
    if not isinstance(layer, Reduce):
        return False
    rank = len(node.inputs[0].shape)
    return all(dim % rank > 1 for dim in layer.dims) and bool(layer.dims)

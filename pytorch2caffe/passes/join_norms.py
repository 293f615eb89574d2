"""Normalisations that a file spells out in arithmetic."""

from __future__ import annotations

import numpy as np

from ..graph.graph import Graph, Node, Shape, Value
from ..layers.activation.clip import HUGE, Clip
from ..layers.elementwise.binary import Binary
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.power import Power
from ..layers.elementwise.scale import Scale
from ..layers.linear.inner_product import InnerProduct
from ..layers.normalization.group_norm import GroupNorm
from ..layers.normalization.instance_norm import InstanceNorm
from ..layers.normalization.l2_normalize import L2Normalize
from ..layers.normalization.layer_norm import LayerNorm
from ..layers.normalization.mvn import MVN
from ..layers.normalization.rms_norm import RMSNorm
from ..layers.pooling.pooling import Pooling
from ..layers.reduction.reduce import Reduce
from ..layers.shape.reshape import Reshape
from ..layers.shape.tile import Tile
from .drop_unused import drop_unused
from .patterns import power_of, replace_node, written_once

Producers = dict[Value, Node]


def join_norms(graph: Graph) -> None:
    """Makes LayerNorm, RMSNorm, L2Normalize and GroupNorm one layer where a file spells them out.

    before: x -> Reduce(mean) -> m; x - m -> d
            d -> Power(2) -> Reduce(mean) -> Power(+ eps) -> Power(0.5) -> s; d / s -> y
    after:  x -> LayerNorm(eps) -> y

    before: x[N, T, 1, C] -> MVN(mean only) -> d; d * d -> mean over C -> Power(-0.5, + eps) -> s; Scale(d, s) -> y
    after:  x -> LayerNorm(axis 3, eps) -> y
    """
    producers = written_once(graph)
    for node in graph.nodes:
        if isinstance(node.layer, Binary) and node.layer.operation in ("div", "mul") and len(node.inputs) == 2:
            _by_arithmetic(node, producers)
        elif isinstance(node.layer, Scale) and len(node.inputs) == 2:
            _by_mvn(node, producers)
        elif isinstance(node.layer, Reshape):
            _by_groups(node, producers)
            _by_rows(node, producers)
    drop_unused(graph)


def _by_arithmetic(node: Node, producers: Producers) -> None:
    if _by_length(node, producers):
        return
    exponent = 0.5 if isinstance(node.layer, Binary) and node.layer.operation == "div" else -0.5
    for x, size in (node.inputs, node.inputs[::-1])[: 1 if exponent > 0 else 2]:
        found = _root(size, exponent, producers)
        if found is None:
            continue
        eps, mean = found
        reduced = producers.get(mean)
        if reduced is None or not isinstance(reduced.layer, Reduce) or reduced.layer.operation != "mean":
            continue
        axis = _trailing(reduced)
        square = _square(reduced.inputs[0], producers)
        if axis is None or square is None:
            continue
        centred = _centred(x, producers, reduced.layer)
        if centred is not None and (square is x or _centred(square, producers, reduced.layer) is centred):
            replace_node(node, LayerNorm(axis, eps), [centred])
            return
        if square is x:
            replace_node(node, RMSNorm(axis, eps), [x])
            return


def _by_length(node: Node, producers: Producers) -> bool:
    """x / max(sqrt(sum of x^2), eps), the divisor perhaps repeated along the axis."""
    x, divisor = node.inputs
    maker = producers.get(divisor)
    while maker is not None and isinstance(maker.layer, Tile):
        maker = producers.get(maker.inputs[0])
    if maker is None or not isinstance(maker.layer, Clip) or maker.layer.max < HUGE or node.layer != Binary("div"):
        return False
    root = power_of(producers, maker.inputs[0])
    total = producers.get(root[1]) if root is not None and root[0] == Power(power=0.5) else None
    if total is None or not isinstance(total.layer, Reduce) or total.layer.operation != "sum":
        return False
    dims = total.layer.dims
    if len(dims) != 1 or not total.layer.keepdim or _square(total.inputs[0], producers) is not x:
        return False
    if node.outputs[0].shape != x.shape:
        return False
    replace_node(node, L2Normalize(dims[0], maker.layer.min), [x])
    return True


def _root(value: Value, exponent: float, producers: Producers) -> tuple[float, Value] | None:
    """eps and m, if a value is (m + eps)^exponent, written as one Power or as several."""
    power, shift, current = 1.0, 0.0, value
    for _ in range(3):
        found = power_of(producers, current)
        if found is None or found[0].scale != 1 or shift and found[0].power != 1:
            break
        power *= found[0].power
        shift += found[0].shift
        current = found[1]
    return (shift, current) if power == exponent and 0 < shift < 1 else None


def _trailing(node: Node) -> int | None:
    """The first of the axes that a Reduce reduces and keeps, if they are the last ones."""
    layer, rank = node.layer, len(node.inputs[0].shape)
    if not isinstance(layer, Reduce) or not layer.keepdim or layer.dims != tuple(range(rank - len(layer.dims), rank)):
        return None
    return int(layer.dims[0])


def _square(value: Value, producers: Producers) -> Value | None:
    """What a value is the square of."""
    found = power_of(producers, value)
    if found is not None and found[0] == Power(power=2.0):
        return found[1]
    node = producers.get(value)
    twice = node is not None and node.layer == Eltwise("PROD") and node.inputs[0] is node.inputs[-1]
    return node.inputs[0] if node is not None and twice and len(node.inputs) == 2 else None


def _centred(value: Value, producers: Producers, reduce: Reduce) -> Value | None:
    """x, if a value is x less its mean over the same axes."""
    node = producers.get(value)
    if node is None or node.layer != Binary("sub"):
        return None
    x, mean = node.inputs
    maker = producers.get(mean)
    return x if maker is not None and maker.layer == reduce and maker.inputs[0] is x else None


def _by_groups(node: Node, producers: Producers) -> None:
    """Reshape to [N, groups, rest], InstanceNorm, Reshape back."""
    norm = producers.get(node.inputs[0])
    before = producers.get(norm.inputs[0]) if norm is not None and isinstance(norm.layer, InstanceNorm) else None
    if (
        norm is None
        or before is None
        or not isinstance(before.layer, Reshape)
        or not isinstance(norm.layer, InstanceNorm)
    ):
        return
    x, groups = before.inputs[0], before.outputs[0]
    if node.outputs[0].shape != x.shape or len(x.shape) < 3 or groups.shape[0] != x.shape[0]:
        return
    count = groups.shape[1]
    if (
        x.shape[1] % count == 0
        and len(groups.shape) > 2
        and int(np.prod(groups.shape[2:])) * count == int(np.prod(x.shape[1:]))
    ):
        replace_node(node, GroupNorm(count, norm.layer.eps), [x])


def _by_mvn(node: Node, producers: Producers) -> None:
    """The form in Caffe's layers: MVN subtracts the mean, a Scale multiplies by the inverse deviation."""
    centred, inverse = node.inputs
    mvn = producers.get(centred)
    if mvn is None or mvn.layer != MVN(False, False, mvn.layer.eps if isinstance(mvn.layer, MVN) else 0.0):
        return
    maker = producers.get(inverse)
    if maker is not None and isinstance(maker.layer, Reshape):
        inverse = maker.inputs[0]
    root = power_of(producers, inverse)
    square = None if root is None else _mean_of(root[1], centred.shape, producers)
    is_inverse = root is not None and (root[0].power, root[0].scale) == (-0.5, 1) and 0 < root[0].shift < 1
    aligned = isinstance(node.layer, Scale) and node.layer.axis == 0 and not node.layer.bias_term
    if root is None or square is None or not is_inverse or not aligned or _square(square, producers) is not centred:
        return
    (x,) = mvn.inputs
    if x.shape == node.outputs[0].shape:
        rows = len(x.shape) == 4 and x.shape[2] == 1
        replace_node(node, LayerNorm(3, root[0].shift) if rows else InstanceNorm(root[0].shift), [x])


def _mean_of(value: Value, shape: Shape, producers: Producers) -> Value | None:
    """What a value is the mean of over the axes after the channels, by a global Pooling or an InnerProduct."""
    node = producers.get(value)
    if node is None:
        return None
    if isinstance(node.layer, Pooling):
        return node.inputs[0] if node.layer.global_pooling and node.layer.pool == "AVE" else None
    count = int(np.prod(shape[2:]))
    is_mean = node.layer == InnerProduct(1, False, 2) and np.allclose(node.blobs[0], 1 / count, rtol=1e-5, atol=0)
    return node.inputs[0] if is_mean else None


def _by_rows(node: Node, producers: Producers) -> None:
    """Reshape to [N, T, 1, C], LayerNorm, Reshape back."""
    norm = producers.get(node.inputs[0])
    before = producers.get(norm.inputs[0]) if norm is not None and isinstance(norm.layer, LayerNorm) else None
    if norm is None or before is None or not isinstance(before.layer, Reshape) or not isinstance(norm.layer, LayerNorm):
        return
    x = before.inputs[0]
    normed = before.outputs[0].shape[norm.layer.axis :]
    if node.outputs[0].shape == x.shape and x.shape and normed == x.shape[-1:]:
        replace_node(node, LayerNorm(len(x.shape) - 1, norm.layer.eps), [x])

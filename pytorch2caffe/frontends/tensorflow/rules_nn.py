"""Pooling, normalisation, resizing and products of matrices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Problem, Refused
from .convert import RULES, Net, rule
from .fold import LARGEST
from .node import Tensor, TfNode, Unknown, constant_of
from .plane import auto_pad, in_nhwc, in_plane, of_all_axes, windows
from .rules_arrays import reshaped

# ---- pooling and normalisation ------------------------------------------------------------------------------------


@rule("MaxPool", "AvgPool", "MaxPoolV2")
@in_nhwc
def pool(net: Net, node: TfNode, x: Tensor, *sizes: Tensor) -> Tensor:
    window = in_plane(node, sizes[0].integers() if sizes else node.integers("ksize"))
    stride = in_plane(node, sizes[1].integers() if sizes else node.integers("strides"))
    counts, pads = windows(node, x.shape[1:3], window, stride, (1, 1))
    attrs: dict[str, Any] = {"kernel_shape": [1, *window, 1], "strides": [1, *stride, 1], "pads": of_all_axes(pads)}
    kind = "AVG" if node.op == "AvgPool" else "MAX"
    shape = (x.shape[0], *counts, x.shape[3])
    return net.emit("Pool", node, [x], shape, pooling_type=kind, auto_pad=auto_pad(node), **attrs)


@rule("MaxPoolWithArgmax")
def pool_with_argmax(net: Net, node: TfNode, x: Tensor) -> list[Any]:
    unknown = Problem(f"node {node.name!r} ({node.op})", "the indices of the maxima are read", "use the maxima only")
    return [RULES["MaxPool"](net, node, x), Unknown(unknown)]


@rule("ExtractImagePatches")
def patches(net: Net, node: TfNode, x: Tensor) -> Tensor:
    """A convolution whose kernels select each number of the window."""
    if len(x.shape) != 4:
        raise Refused(f"{node.op} of a tensor of {len(x.shape)} axes")
    window, stride, dilation = (in_plane(node, node.integers(key)) for key in ("ksizes", "strides", "rates"))
    counts, pads = windows(node, x.shape[1:3], window, stride, dilation)
    taps = window[0] * window[1]
    if taps * taps * x.shape[3] > LARGEST:
        raise Refused(f"patches of {taps} pixels of {x.shape[3]} channels", "use smaller ones")
    picks = np.tile(np.eye(taps, dtype=np.float32).reshape(*window, 1, taps), (1, 1, x.shape[3], 1))
    attrs: dict[str, Any] = {
        "kernel_shape": [*window, x.shape[3], taps],
        "strides": [1, *stride, 1],
        "pads": of_all_axes(pads),
        "auto_pad": auto_pad(node),
        "use_bias": False,
        "dilations": [1, *dilation, 1],
    }
    shape = (x.shape[0], *counts, x.shape[3] * taps)
    by_channel = net.emit("DepthwiseConv", node, [x], shape, weights={"weights": picks}, name="/patches", **attrs)
    apart = reshaped(net, node, by_channel, (*shape[:3], x.shape[3], taps), "/apart")
    order = [0, 1, 2, 4, 3]
    turned = net.emit("Transpose", node, [apart], [apart.shape[i] for i in order], name="/turned", perm=order)
    return reshaped(net, node, turned, shape)


@rule("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
@in_nhwc
def fused_batch_norm(
    net: Net, node: TfNode, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor
) -> list[Tensor]:
    if node.flag("is_training", True):
        raise Refused("it normalises by the statistics of the batch", "export for inference (is_training=False)")
    return [_batch_norm(net, node, x, node.number("epsilon", 1e-4), mean, variance, scale, offset), mean, variance]


@rule("BatchNormWithGlobalNormalization")
def global_normalization(
    net: Net, node: TfNode, x: Tensor, mean: Tensor, variance: Tensor, beta: Tensor, gamma: Tensor
) -> Tensor:
    scale = gamma if node.flag("scale_after_normalization") else None
    return _batch_norm(net, node, x, node.number("variance_epsilon"), mean, variance, scale, beta)


def _batch_norm(
    net: Net, node: TfNode, x: Tensor, epsilon: float, mean: Tensor, variance: Tensor, scale: Any, bias: Tensor
) -> Tensor:
    parts = {"mean": mean, "var": variance, "bias": bias, **({"scale": scale} if scale is not None else {})}
    weights = {key: constant_of(part) for key, part in parts.items()}
    if any(part.shape != x.shape[-1:] for part in weights.values()):
        raise Refused(f"statistics that do not fit {x.shape[-1]} channels")
    attrs: dict[str, Any] = {"epsilon": epsilon, "scale": scale is not None, "bias": True}
    return net.emit("BatchNorm", node, [x], x.shape, weights=weights, **attrs)


@rule("LRN")
def lrn(net: Net, node: TfNode, x: Tensor) -> Tensor:
    size = 2 * node.integer("depth_radius", 5) + 1
    attrs: dict[str, Any] = {"alpha": node.number("alpha", 1.0) * size, "beta": node.number("beta", 0.5)}
    return net.emit("LRN", node, [x], x.shape, size=size, bias=node.number("bias", 1.0), **attrs)


# ---- matrices -----------------------------------------------------------------------------------------------------


@rule("MatMul")
def matmul(net: Net, node: TfNode, x: Tensor, matrix: Tensor) -> Tensor:
    if not matrix.constant or node.flag("transpose_a"):
        return batch_matmul(net, node, x, matrix)
    if node.flag("transpose_b"):
        matrix = _transposed(matrix)
    if len(x.shape) != 2 or len(matrix.shape) != 2 or matrix.shape[0] != x.shape[1]:
        raise Refused(f"a matrix of shape {list(matrix.shape)} for an input of shape {list(x.shape)}")
    units = matrix.shape[1]
    attrs: dict[str, Any] = {"units": units, "use_bias": False}
    whole = net.before(x, "Reshape")
    if len(whole.shape) < 3 or whole.shape[-1] != x.shape[1]:
        whole = x
    shape = (*whole.shape[:-1], units)
    y = net.emit("FullyConnected", node, [whole], shape, weights={"weights": matrix}, **attrs)
    return y if whole is x else reshaped(net, node, y, [-1, units], "/rows")


def _transposed(matrix: Tensor) -> Tensor:
    return replace(matrix, shape=matrix.shape[::-1], load=lambda: matrix.array().T)


@rule("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def batch_matmul(net: Net, node: TfNode, a: Tensor, b: Tensor) -> Tensor:
    flags = [node.flag(one) or node.flag(two) for one, two in (("adj_x", "transpose_a"), ("adj_y", "transpose_b"))]
    turned = zip((a.shape, b.shape), flags, strict=True)
    left, right = ((*shape[:-2], *shape[:-3:-1]) if flag else shape for shape, flag in turned)
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-2]:
        raise Refused(f"matrices of shapes {list(a.shape)} and {list(b.shape)}")
    shape = (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])
    return net.emit("MatMul", node, [a, b], shape, adj_x=flags[0], adj_y=flags[1])


@rule("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")
def resize(net: Net, node: TfNode, x: Tensor, size: Tensor) -> Tensor:
    rows, columns = size.integers()
    if len(x.shape) != 4 or rows < 1 or columns < 1:
        raise Refused(f"a resize of {list(x.shape)} to {rows} x {columns}")
    flags: dict[str, Any] = {key: node.flag(key) for key in ("align_corners", "half_pixel_centers")}
    return net.emit(node.op, node, [x], (x.shape[0], rows, columns, x.shape[3]), size=[rows, columns], **flags)


@rule("DepthToSpace", "SpaceToDepth")
@in_nhwc
def depth_to_space(net: Net, node: TfNode, x: Tensor) -> Tensor:
    block = node.integer("block_size")
    batch, rows, columns, depth = x.shape
    if node.op == "DepthToSpace":
        whole, shape = depth % block**2 == 0, (batch, rows * block, columns * block, depth // block**2)
    else:
        whole, shape = rows % block == columns % block == 0, (batch, rows // block, columns // block, depth * block**2)
    if not whole:
        raise Refused(f"blocks of {block} in a tensor of shape {list(x.shape)}")
    return net.emit(node.op, node, [x], shape, block_size=block)

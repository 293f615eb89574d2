"""MXNet's layers with weights, with windows, and those that normalize. Source: MXNet 1.9, src/operator."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import TORCH
from ...layers.elementwise.binary import Binary
from ...layers.elementwise.power import Power
from ...layers.reduction.reduce import Reduce
from .files import Node
from .shapes import to_rows

FUNCTIONAL = "torch.nn.functional"


def _layout(node: Node) -> None:
    """Raises Refused unless the channels are the second axis."""
    if (layout := node.text("layout", "None")) not in ("None", "NCW", "NCHW", "NCDHW"):
        raise Refused(f"layout={layout}", "use NCHW")


def _rank(node: Node, x: Value) -> int:
    """The number of spatial axes. Raises Refused unless the kernel has a size for each."""
    rank = len(node.integers("kernel"))
    if rank not in (1, 2, 3) or rank != len(x.shape) - 2:
        raise Refused(f"a kernel of {rank} axes for {x}", "use N, C and one to three spatial axes")
    return rank


def _sizes(node: Node, rank: int) -> dict[str, tuple[int, ...]]:
    return {
        "stride": node.integers("stride", (1,) * rank),
        "padding": node.integers("pad", (0,) * rank),
        "dilation": node.integers("dilate", (1,) * rank),
    }


def convolution(net: Builder, node: Node, x: Value, weight: np.ndarray, bias: np.ndarray | None = None) -> Any:
    _layout(node)
    node.read |= {"num_filter", "no_bias"}
    rank = _rank(node, x)
    function = TORCH[f"{FUNCTIONAL}.conv{rank}d"]
    return function(net, x, weight, bias, **_sizes(node, rank), groups=node.integer("num_group", 1))


def deconvolution(net: Builder, node: Node, x: Value, weight: np.ndarray, bias: np.ndarray | None = None) -> Any:
    _layout(node)
    node.read |= {"num_filter", "no_bias"}
    rank = _rank(node, x)
    if any(node.integers("target_shape")):
        raise Refused("Deconvolution with target_shape", "use pad and adj")
    sizes, adj = _sizes(node, rank), node.integers("adj", (0,) * rank)
    function = TORCH[f"{FUNCTIONAL}.conv_transpose{rank}d"]
    return function(net, x, weight, bias, **sizes, output_padding=adj, groups=node.integer("num_group", 1))


def fully_connected(net: Builder, node: Node, x: Value, weight: np.ndarray, bias: np.ndarray | None = None) -> Any:
    node.read |= {"num_hidden", "no_bias"}
    if node.flag("flatten", True):
        x = to_rows(net, x)
    return TORCH[f"{FUNCTIONAL}.linear"](net, x, weight, bias)


def batch_norm(net: Builder, node: Node, x: Value, gamma: Any, beta: Any, mean: Any, var: Any) -> Any:
    """With its statistics, as at inference; gamma counts as 1 with fix_gamma, the default."""
    node.read |= {"use_global_stats", "min_calib_range", "max_calib_range"}
    if node.integer("axis", 1) != 1 or node.flag("output_mean_var"):
        raise Refused("BatchNorm of another axis than 1, or with output_mean_var", "use the channels as axis 1")
    scale = np.ones_like(gamma) if node.flag("fix_gamma", True) else gamma
    return TORCH[f"{FUNCTIONAL}.batch_norm"](net, x, mean, var, scale, beta, eps=node.number("eps", 1e-3))


def pooling(net: Builder, node: Node, x: Value) -> Any:
    """Windows that fit in (valid), or as many as begin within (full)."""
    _layout(node)
    node.read |= {"p_value", "cudnn_off"}
    kind, rank = node.text("pool_type", "max"), len(x.shape) - 2
    kernel, convention = node.integers("kernel", (1,) * rank), node.text("pooling_convention", "valid")
    stride, pad = node.integers("stride", (1,) * rank), node.integers("pad", (0,) * rank)
    counted = node.text("count_include_pad", "True") in ("True", "1", "None")
    if kind not in ("max", "avg") or convention not in ("valid", "full"):
        raise Refused(
            f"Pooling with pool_type={kind} and pooling_convention={convention}", "use max or avg, valid or full"
        )
    if node.flag("global_pool"):
        return TORCH[f"{FUNCTIONAL}.adaptive_{kind}_pool{rank}d"](net, x, (1,) * rank)
    for size, k, s, p in zip(x.shape[2:], kernel, stride, pad, strict=True):
        windows = ceil((size + 2 * p - k) / s) + 1
        if convention == "full" and (windows - 1) * s >= size + p:
            raise Refused(
                "Pooling with pooling_convention=full, of which a window lies outside of the map", "use valid"
            )
    function, ceil_mode = TORCH[f"{FUNCTIONAL}.{kind}_pool{rank}d"], convention == "full"
    if kind == "max":
        return function(net, x, kernel, stride, pad, ceil_mode=ceil_mode)
    return function(net, x, kernel, stride, pad, ceil_mode, counted)


def up_sampling(net: Builder, node: Node, x: Value, *weights: Any) -> Any:
    """Each number repeated; bilinear, a transposed convolution of each channel by the given weight."""
    scale, kind = node.integer("scale"), node.text("sample_type")
    node.read |= {"num_filter", "multi_input_mode"}
    if kind == "nearest" and not weights:
        return TORCH[f"{FUNCTIONAL}.interpolate"](net, x, scale_factor=scale)
    if kind != "bilinear" or len(weights) != 1 or isinstance(weights[0], Value):
        raise Refused(f"UpSampling of several inputs by {kind}", "upsample each, and concatenate them")
    pad = ceil((scale - 1) / 2)
    return TORCH[f"{FUNCTIONAL}.conv_transpose2d"](net, x, weights[0], None, scale, pad, groups=x.shape[1])


def bilinear_resize(net: Builder, node: Node, x: Value) -> Any:
    mode, aligned = node.text("mode", "size"), node.flag("align_corners", True)
    if mode != "size":
        raise Refused(f"BilinearResize2D with mode={mode}", "use height and width")
    size = node.integer("height", 1), node.integer("width", 1)
    return TORCH[f"{FUNCTIONAL}.interpolate"](net, x, size, mode="bilinear", align_corners=aligned)


def adaptive_pooling(net: Builder, node: Node, x: Value) -> Any:
    size = node.integers("output_size", (1,))
    return TORCH[f"{FUNCTIONAL}.adaptive_avg_pool2d"](net, x, size * 2 if len(size) == 1 else size)


def instance_norm(net: Builder, node: Node, x: Value, gamma: Any, beta: Any) -> Any:
    return TORCH[f"{FUNCTIONAL}.instance_norm"](net, x, None, None, gamma, beta, True, 0.1, node.number("eps", 1e-3))


def layer_norm(net: Builder, node: Node, x: Value, gamma: Any, beta: Any) -> Any:
    if node.integer("axis", -1) not in (-1, len(x.shape) - 1) or node.flag("output_mean_var"):
        raise Refused("LayerNorm of another axis than the last, or with output_mean_var", "use the last axis")
    return TORCH[f"{FUNCTIONAL}.layer_norm"](net, x, x.shape[-1:], gamma, beta, node.number("eps", 1e-5))


def l2_normalization(net: Builder, node: Node, x: Value) -> Any:
    """x / sqrt(sum of x^2 + eps), over all of a sample, its channels, or each channel's map."""
    rank, mode = len(x.shape), node.text("mode", "instance")
    modes = {"instance": tuple(range(1, rank)), "channel": (1,), "spatial": tuple(range(2, rank))}
    if not (dims := modes.get(mode, ())):
        raise Refused(f"L2Normalization of {x} with mode={mode}", f"use {', '.join(modes)}")
    square = net.add(Reduce("sum", dims, True), net.add(Power(power=2.0), x, name="square"), name="sum")
    inverse = net.add(Power(-0.5, 1.0, node.number("eps", 1e-10)), square, name="inverse")
    return net.add(Binary("mul"), x, inverse)


def lrn(net: Builder, node: Node, x: Value) -> Any:
    settings = node.number("alpha", 1e-4), node.number("beta", 0.75), node.number("knorm", 2.0)
    return TORCH[f"{FUNCTIONAL}.local_response_norm"](net, x, node.integer("nsize"), *settings)


LAYERS: dict[str, Callable[..., Any]] = {
    "Convolution": convolution,
    "Convolution_v1": convolution,
    "Deconvolution": deconvolution,
    "FullyConnected": fully_connected,
    "BatchNorm": batch_norm,
    "BatchNorm_v1": batch_norm,
    "CuDNNBatchNorm": batch_norm,
    "Pooling": pooling,
    "Pooling_v1": pooling,
    "UpSampling": up_sampling,
    "_contrib_BilinearResize2D": bilinear_resize,
    "_contrib_AdaptiveAvgPooling2D": adaptive_pooling,
    "InstanceNorm": instance_norm,
    "LayerNorm": layer_norm,
    "L2Normalization": l2_normalization,
    "LRN": lrn,
}

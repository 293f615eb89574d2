"""PyTorch's convolutions and the IR's, as a Convolution, after a Pad where the two sides are padded differently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Size, from_ir, from_torch, pair
from ..shape.pad import pad_with
from ..shape.reshape import drop_batch, with_batch
from .convolution import Convolution
from .kernel import weights_of
from .one_sided_padding import bias_of, evenly_padded, in_two_axes, pads_of, spatial
from .onnx_padding import pads_of as onnx_pads
from .onnx_padding import sizes_of


def _conv(
    net: Builder,
    rank: int,
    input: Value,
    weight: Operand,
    bias: Operand | None,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> Value:
    """A convolution over `rank` spatial axes; the arguments are those of torch.nn.functional.conv2d."""
    blobs = weights_of(f"conv{rank}d", weight, bias)
    x, added = with_batch(net, rank, input)
    stride, dilation = pair(stride, rank), pair(dilation, rank)
    if padding == "same":
        kernel = blobs[0].shape[2:]
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        x, blobs[0] = _one_more_after(net, x, blobs[0], [t % 2 for t in totals], dilation)
        padding = [(t + new - k) // 2 for t, new, k in zip(totals, blobs[0].shape[2:], kernel, strict=True)]
    elif padding == "valid":
        padding = 0
    weight = blobs[0]
    layer = Convolution(
        len(weight), weight.shape[2:], stride, pair(padding, rank), dilation, int(groups), bias is not None
    )
    return drop_batch(net, net.add(layer, x, blobs=blobs), added)


def _one_more_after(
    net: Builder, x: Value, weight: np.ndarray, odd: Sequence[int], dilation: Sequence[int]
) -> tuple[Value, np.ndarray]:
    """x and the weight, such that even padding means one more zero after x than before it along the axes that are odd.

    Such an axis of the kernel gets a zero at its start; where the kernel is dilated, x gets one at its end.
    """
    pads = {axis: (0, 1) for axis, (o, d) in enumerate(zip(odd, dilation, strict=True), 2) if o and d != 1}
    rows = [(int(o and d == 1), 0) for o, d in zip(odd, dilation, strict=True)]
    weight = np.pad(weight, [(0, 0), (0, 0), *rows]) if any(map(any, rows)) else weight
    return (pad_with(net, x, pads, 0.0) if pads else x), weight


@from_torch("torch.nn.functional.conv1d", "torch.conv1d")
def conv1d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 1, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv2d", "torch.conv2d")
def conv2d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 2, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv3d", "torch.conv3d")
def conv3d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 3, input, weight, bias, stride, padding, dilation, groups)


@from_ir("Conv")
@in_two_axes
def ir_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    """Weights: [kernel..., in / group, out]. `pads` holds the padding; `auto_pad` tells only how it was computed."""
    rank = len(input.shape)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    return _convolve(net, node, input, weight, node.integer("group", 1))


@from_ir("DepthwiseConv")
@in_two_axes
def ir_depthwise_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    """Weights: [kernel..., channels, multiplier]. Channel c gives `multiplier` outputs, from c * multiplier on."""
    return _depthwise(net, node, input, node.weight("weights", rank=len(input.shape)))


def _depthwise(net: Builder, node: IrOperator, input: Value, weight: np.ndarray) -> Value:
    *kernel, channels, multiplier = weight.shape
    filters = weight.reshape(*kernel, channels * multiplier, 1)
    order = (len(kernel), len(kernel) + 1, *range(len(kernel)))
    return _convolve(net, node, input, filters.transpose(order), channels)


@from_ir("SeparableConv")
@in_two_axes
def ir_separable_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    """A depthwise convolution, then one with a kernel of 1, which has the bias."""
    rank = len(input.shape)
    x = _depthwise(net, node, input, node.weight("depthwise_filter", rank=rank))
    weight = node.weight("pointwise_filter", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    ones = (1,) * (rank - 2)
    pointwise = Convolution(len(weight), weight.shape[2:], ones, (0,) * (rank - 2), ones, bias_term=node.has("bias"))
    return net.add(pointwise, x, blobs=[np.ascontiguousarray(weight), *bias_of(node)])


def _convolve(net: Builder, node: IrOperator, input: Value, weight: np.ndarray, group: int) -> Value:
    if group < 1 or input.shape[1] != weight.shape[1] * group or len(weight) % group:
        raise Refused(
            f"{node.op} of {input.shape[1]} channels with weights for {weight.shape[1]} in each of {group} groups",
            "use the .npy file that belongs to the IR file",
        )
    x, pad = evenly_padded(net, input, pads_of(node, input))
    stride, dilation = spatial(node, x, "strides"), spatial(node, x, "dilations")
    bias = [] if node.op == "SeparableConv" else bias_of(node)
    layer = Convolution(len(weight), weight.shape[2:], stride, pad, dilation, group, bool(bias))
    return net.add(layer, x, blobs=[np.ascontiguousarray(weight), *bias])


@from_onnx("Conv")
def onnx_conv(
    net: Builder,
    X: Value,
    W: Operand,
    B: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] | None = None,
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Value:
    rank = len(X.shape) - 2
    if not 1 <= rank <= 3 or len(W.shape) != rank + 2:
        raise Refused(f"Conv of {list(X.shape)} by {list(W.shape)}", "use one to three spatial axes")
    if group < 1 or X.shape[1] != W.shape[1] * group or W.shape[0] % group:
        raise Refused(f"Conv of {X.shape[1]} channels with weights {list(W.shape)} in {group} groups")
    stride, dilation = sizes_of(strides, rank, "strides"), sizes_of(dilations, rank, "dilations")
    x, pad = evenly_padded(net, X, onnx_pads(X.shape[2:], W.shape[2:], stride, dilation, pads, auto_pad))
    return _conv(net, rank, x, W, B, stride, pad, dilation, group)

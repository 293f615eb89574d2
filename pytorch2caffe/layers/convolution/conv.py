"""PyTorch's convolutions and the IR's: a Convolution, behind a Pad where more is padded on one side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch, pair
from ..shape.pad import pad_with
from ..shape.reshape import drop_batch, with_batch
from .convolution import Convolution
from .kernel import weights_of
from .one_sided_padding import bias_of, evenly_padded, in_two_axes, pads_of, spatial


def _conv(
    net: Builder,
    rank: int,
    input: Value,
    weight: np.ndarray,
    bias: np.ndarray,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> Value:
    blobs = weights_of(f"conv{rank}d", weight, bias)
    x, added = with_batch(net, rank, input)
    stride, dilation = pair(stride, rank), pair(dilation, rank)
    kernel = weight.shape[2:]
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        x, blobs[0] = _one_more_behind(net, x, weight, [t % 2 for t in total], dilation)
        kernel = blobs[0].shape[2:]
        padding = [(t + (k - before)) // 2 for t, k, before in zip(total, kernel, weight.shape[2:], strict=True)]
    elif padding == "valid":
        padding = 0
    made = Convolution(
        weight.shape[0], tuple(kernel), stride, pair(padding, rank), dilation, int(groups), bias is not None
    )
    return drop_batch(net, net.add(made, x, blobs=blobs), added)


def _one_more_behind(net: Builder, x: Value, weight: np.ndarray, odd: Any, dilation: Any) -> Any:
    """Padding one more behind than before: a zero row in front of the kernel, or of x where the kernel is dilated."""
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
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 1, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv2d", "torch.conv2d")
def conv2d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 2, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv3d", "torch.conv3d")
def conv3d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Value:
    return _conv(net, 3, input, weight, bias, stride, padding, dilation, groups)


@from_ir("Conv")
@in_two_axes
def ir_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    """Weights: [kernel..., in / group, out]. Its `pads` say how it is padded; `auto_pad` is what they came from."""
    rank = len(input.shape)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    return _convolve(net, node, input, weight, node.integer("group", 1))


@from_ir("DepthwiseConv")
@in_two_axes
def ir_depthwise_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    """Weights: [kernel..., channels, multiplier]; channel c makes the outputs c * multiplier and on."""
    return _depthwise(net, node, input, node.weight("weights", rank=len(input.shape)))


def _depthwise(net: Builder, node: IrOperator, input: Value, weight: np.ndarray) -> Value:
    *kernel, channels, multiplier = weight.shape
    turned = weight.reshape(*kernel, channels * multiplier, 1)
    order = (len(kernel), len(kernel) + 1, *range(len(kernel)))
    return _convolve(net, node, input, turned.transpose(order), channels)


@from_ir("SeparableConv")
@in_two_axes
def ir_separable_conv(net: Builder, node: IrOperator, input: Value) -> Value:
    rank = len(input.shape)
    x = _depthwise(net, node, input, node.weight("depthwise_filter", rank=rank))
    weight = node.weight("pointwise_filter", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    made = Convolution(len(weight), weight.shape[2:], *((n,) * (rank - 2) for n in (1, 0, 1)), 1, node.has("bias"))
    return net.add(made, x, blobs=[np.ascontiguousarray(weight), *bias_of(node)])


def _convolve(net: Builder, node: IrOperator, input: Value, weight: np.ndarray, group: Any) -> Value:
    if group < 1 or input.shape[1] != weight.shape[1] * group or len(weight) % group:
        what = f"{node.op} of {input.shape[1]} channels with weights for {weight.shape[1]} in each of {group} groups"
        raise Refused(what, "give the .npy that belongs to the file")
    x, pad = evenly_padded(net, input, pads_of(node, input))
    stride, dilation = spatial(node, x, "strides"), spatial(node, x, "dilations")
    bias = [] if node.op == "SeparableConv" else bias_of(node)
    made = Convolution(len(weight), weight.shape[2:], stride, pad, dilation, group, bool(bias))
    return net.add(made, x, blobs=[np.ascontiguousarray(weight), *bias])

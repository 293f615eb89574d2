"""PyTorch's transposed convolutions and the IR's, as a Deconvolution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Size, from_ir, from_torch, pair
from ..elementwise.scale import Bias
from ..indexing.cut import crop
from ..shape.pad import pad_with
from ..shape.reshape import drop_batch, reshape_to, with_batch
from .deconvolution import Deconvolution
from .kernel import weights_of
from .one_sided_padding import MOST_PAD, bias_of, pads_of, spatial
from .onnx_padding import pads_of as onnx_pads
from .onnx_padding import sizes_of


def transpose_convolved(
    net: Builder,
    rank: int,
    input: Value,
    weight: Operand,
    bias: Operand | None,
    stride: Size,
    padding: Size,
    output_padding: Size,
    groups: int,
    dilation: Size,
) -> Value:
    """A transposed convolution over `rank` spatial axes; the arguments are those of F.conv_transpose2d.

    output_padding asks for more outputs at the end of an axis: zeros after the kernel give them.
    """
    blobs = weights_of(f"conv_transpose{rank}d", weight, bias)
    x, added = with_batch(net, rank, input)
    stride, padding, dilation, more = (pair(value, rank) for value in (stride, padding, dilation, output_padding))
    zeros = [-(-m // d) for m, d in zip(more, dilation, strict=True)]
    if any(zeros):
        blobs[0] = np.pad(blobs[0], [(0, 0), (0, 0), *((0, z) for z in zeros)])
    outputs, kernel = blobs[0].shape[1] * int(groups), blobs[0].shape[2:]
    layer = Deconvolution(outputs, kernel, stride, padding, dilation, int(groups), bias is not None)
    y = net.add(layer, x, blobs=blobs)
    surplus = [z * d - m for z, d, m in zip(zeros, dilation, more, strict=True)]
    y = crop(net, y, {axis: (0, y.shape[axis] - s) for axis, s in enumerate(surplus, 2)}) if any(surplus) else y
    return drop_batch(net, y, added)


@from_torch("torch.nn.functional.conv_transpose1d", "torch.conv_transpose1d")
def conv_transpose1d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Value:
    """An image of one row: Caffe's consumers deconvolve over two axes."""
    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    y = conv_transpose2d(
        net,
        x,
        weights_of("conv_transpose1d", weight, bias)[0][:, :, None],
        bias,
        (1, *pair(stride, 1)),
        (0, *pair(padding, 1)),
        (0, *pair(output_padding, 1)),
        groups,
        (1, *pair(dilation, 1)),
    )
    return reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


@from_torch("torch.nn.functional.conv_transpose2d", "torch.conv_transpose2d")
def conv_transpose2d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Value:
    return transpose_convolved(net, 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@from_torch("torch.nn.functional.conv_transpose3d", "torch.conv_transpose3d")
def conv_transpose3d(
    net: Builder,
    input: Value,
    weight: Operand,
    bias: Operand | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Value:
    return transpose_convolved(net, 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


@from_ir("ConvTranspose")
def ir_conv_transpose(net: Builder, node: IrOperator, *inputs: Value) -> Value:
    """Weights: [kernel..., out / group, in]. The output is cropped to the size that the file gives.

    TensorFlow's padding is not stored: half of the surplus, rounded down, is cropped at the start, the rest at the end.
    """
    x = inputs[-1]
    rank = len(x.shape)
    group = node.integer("group", 1)
    weight = node.weight("weights", rank=rank).transpose(rank - 1, rank - 2, *range(rank - 2))
    if group < 1 or x.shape[1] != len(weight) or len(weight) % group:
        raise Refused(
            f"ConvTranspose of {x.shape[1]} channels with weights for {len(weight)} in {group} groups",
            "use the .npy file that belongs to the IR file",
        )
    stride, dilation = spatial(node, x, "strides"), spatial(node, x, "dilations")
    axes = zip(x.shape[2:], stride, dilation, weight.shape[2:], strict=True)
    full = [(s - 1) * t + d * (k - 1) + 1 for s, t, d, k in axes]
    ranges = _cropped(node, x, full)
    even = all(2 * start + size == f for (start, size), f in zip(ranges, full, strict=True))
    pad = tuple(start if even else 0 for start, _ in ranges)
    more = [max(start + size - f, 0) for (start, size), f in zip(ranges, full, strict=True)]
    bias = bias_of(node)
    joined = [] if any(more) else bias  # beyond the kernels' extent the output is the bias alone
    layer = Deconvolution(weight.shape[1] * group, weight.shape[2:], stride, pad, dilation, group, bool(joined))
    y = net.add(layer, x, blobs=[np.ascontiguousarray(weight), *joined])
    if even:
        return y
    y = pad_with(net, y, {axis: (0, n) for axis, n in enumerate(more, 2)}, 0.0)
    y = crop(net, y, {axis: (start, start + size) for axis, (start, size) in enumerate(ranges, 2)})
    return net.add(Bias(), y, blobs=bias, name="bias") if bias and not joined else y


def _cropped(node: IrOperator, x: Value, full: Sequence[int]) -> list[tuple[int, int]]:
    """For each spatial axis the start and the size of the output, within the `full` size that the kernels cover."""
    if node.source == "caffe":
        return [(before, f - before - after) for f, (before, after) in zip(full, pads_of(node, x), strict=True)]
    shape = node.output_shape()
    if shape is None or len(shape) != len(x.shape) or min(shape[1:-1]) < 1:
        raise Refused("ConvTranspose without the size of its output", "set _output_shapes in the IR file")
    if any(size > f + MOST_PAD for size, f in zip(shape[1:-1], full, strict=True)):
        raise Refused(
            f"ConvTranspose to {list(shape[1:-1])}, far more than its kernels cover", "set a smaller _output_shapes"
        )
    return [(max(f - size, 0) // 2, size) for f, size in zip(full, shape[1:-1], strict=True)]


@from_onnx("ConvTranspose")
def onnx_conv_transpose(
    net: Builder,
    X: Value,
    W: Operand,
    B: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] | None = None,
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
) -> Value:
    """The complete output, cropped where the two sides are padded differently."""
    rank = len(X.shape) - 2
    if not 1 <= rank <= 3 or len(W.shape) != rank + 2 or group < 1 or X.shape[1] != W.shape[0]:
        raise Refused(f"ConvTranspose of {list(X.shape)} by {list(W.shape)} in {group} groups")
    stride, dilation = sizes_of(strides, rank, "strides"), sizes_of(dilations, rank, "dilations")
    more = tuple(output_padding or (0,) * rank)
    full = [
        (size - 1) * s + d * (k - 1) + 1 + m
        for size, s, d, k, m in zip(X.shape[2:], stride, dilation, W.shape[2:], more, strict=True)
    ]
    if output_shape is not None:
        given = tuple(output_shape)[-rank:]
        surplus = [f - size for f, size in zip(full, given, strict=True)]
        more = tuple(m + max(-s, 0) for m, s in zip(more, surplus, strict=True))
        sides = _halves([max(s, 0) for s in surplus], auto_pad)
    elif auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        sides = _halves([max(f - size * s, 0) for f, size, s in zip(full, X.shape[2:], stride, strict=True)], auto_pad)
    else:
        sides = onnx_pads(X.shape[2:], W.shape[2:], stride, dilation, pads, auto_pad)
    even = all(before == after for before, after in sides)
    padding = [before if even else 0 for before, _ in sides]
    if rank == 1:
        y = conv_transpose1d(net, X, W, B, stride, padding, more, group, dilation)
    else:
        y = transpose_convolved(net, rank, X, W, B, stride, padding, more, group, dilation)
    ranges = {axis: (before, y.shape[axis] - after) for axis, (before, after) in enumerate(sides, 2)}
    return y if even else crop(net, y, ranges)


def _halves(surplus: Sequence[int], auto_pad: str) -> list[tuple[int, int]]:
    """What is cropped at the start and the end of each axis; an odd one at the start unless SAME_UPPER."""
    if auto_pad == "SAME_UPPER":
        return [(s // 2, s - s // 2) for s in surplus]
    return [(s - s // 2, s // 2) for s in surplus]

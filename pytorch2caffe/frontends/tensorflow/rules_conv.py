"""Convolutions, also dilated ones: by an attribute, or by blocks moved into the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...errors import Refused
from .convert import RULES, Net, rule
from .fold import ELEMENTWISE
from .node import Spread, Tensor, TfNode, constant_of, spread_shape
from .plane import Pads, auto_pad, channels_first, channels_last, in_nhwc, in_plane, is_nchw, of_all_axes, windows
from .rules_arrays import unsqueezed

# Operators on each number alone, or on each channel.
BY_CHANNEL = {"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "BiasAdd", "FusedBatchNorm"}


@rule("Conv2D")
@in_nhwc
def conv(net: Net, node: TfNode, x: Tensor, kernel: Tensor, spread: Spread | None = None) -> Tensor:
    rows, columns, inputs, outputs = kernel.shape
    if inputs < 1 or x.shape[3] % inputs or outputs % (x.shape[3] // inputs):
        raise Refused(f"a kernel of shape {list(kernel.shape)} for {x.shape[3]} channels")
    return _convolved(net, node, x, kernel, "Conv", outputs, x.shape[3] // inputs, spread)


@rule("DepthwiseConv2dNative")
@in_nhwc
def depthwise(net: Net, node: TfNode, x: Tensor, kernel: Tensor, spread: Spread | None = None) -> Tensor:
    rows, columns, inputs, times = kernel.shape
    if inputs != x.shape[3]:
        raise Refused(f"a kernel of shape {list(kernel.shape)} for {x.shape[3]} channels")
    return _convolved(net, node, x, kernel, "DepthwiseConv", inputs * times, 1, spread)


def _convolved(
    net: Net, node: TfNode, x: Tensor, kernel: Tensor, op: str, outputs: int, group: int, spread: Spread | None
) -> Tensor:
    stride = in_plane(node, node.integers("strides"))
    dilation = in_plane(node, node.integers("dilations"))
    size, window = x.shape[1:3], kernel.shape[:2]
    if spread is None:
        counts, pads = windows(node, size, window, stride, dilation)
    else:
        counts, pads, dilation = _dilated(node, spread, window, stride, dilation)
    attrs: dict[str, Any] = {
        "kernel_shape": [*window, x.shape[3], kernel.shape[3]],
        "strides": [1, *stride, 1],
        "pads": of_all_axes(pads),
        "auto_pad": auto_pad(node) if spread is None else "NOTSET",
        "use_bias": False,
    }
    if group > 1:
        attrs["group"] = group
    if tuple(dilation) != (1, 1):
        attrs["dilations"] = [1, *dilation, 1]
    shape = (x.shape[0], *counts, outputs)
    return net.emit(op, node, [x], shape, weights={"weights": constant_of(kernel)}, **attrs)


@rule("Conv2DBackpropInput")
def transposed_conv(net: Net, node: TfNode, sizes: Tensor, kernel: Tensor, x: Tensor) -> Tensor:
    nchw = is_nchw(node)
    x = channels_last(net, node, x) if nchw else x
    rows, columns, outputs, inputs = kernel.shape
    stride, dilation = in_plane(node, node.integers("strides")), in_plane(node, node.integers("dilations"))
    shape = sizes.integers()
    if len(shape) != 4 or inputs != x.shape[3]:
        raise Refused(f"a kernel of shape {list(kernel.shape)} for {x.shape[3]} channels")
    shape = [shape[axis] for axis in (0, 2, 3, 1)] if nchw else shape
    counts, pads = windows(node, shape[1:3], (rows, columns), stride, dilation)
    if tuple(counts) != x.shape[1:3] or shape[3] != outputs or shape[0] != x.shape[0]:
        raise Refused(f"its input of shape {list(x.shape)} does not come from an output of {shape}")
    crop = []
    for axis in (0, 1):
        full = (x.shape[1 + axis] - 1) * stride[axis] + ((rows, columns)[axis] - 1) * dilation[axis] + 1
        crop.append((pads[axis][0], full - shape[1 + axis] - pads[axis][0]))
    attrs: dict[str, Any] = {
        "kernel_shape": list(kernel.shape),
        "strides": [1, *stride, 1],
        "pads": of_all_axes(crop),
        "auto_pad": auto_pad(node),
        "use_bias": False,
    }
    if dilation != (1, 1):
        attrs["dilations"] = [1, *dilation, 1]
    y = net.emit("ConvTranspose", node, [x], shape, weights={"weights": constant_of(kernel)}, **attrs)
    return channels_first(net, node, y) if nchw else y


# ---- dilation by moving blocks into the batch ---------------------------------------------------------------------


@rule("SpaceToBatchND")
def space_to_batch(net: Net, node: TfNode, x: Tensor, block: Tensor, pads: Tensor) -> Tensor:
    sizes, pairs = block.integers(), pads.integers()
    row = len(sizes) == 1 and len(x.shape) == 3
    if row:
        x, sizes, pairs = unsqueezed(net, node, x, 1), [1, *sizes], [0, 0, *pairs]
    if len(sizes) == 1 and len(x.shape) == 4:
        sizes, pairs = [*sizes, 1], [*pairs, 0, 0]
    if len(sizes) != 2 or len(x.shape) != 4 or len(pairs) != 4:
        raise Refused(f"SpaceToBatchND of a tensor of {len(x.shape)} axes in {len(sizes)}")
    before = Spread((sizes[0], sizes[1]), ((pairs[0], pairs[1]), (pairs[2], pairs[3])), x, None, row, row)
    return replace(x, spread=before, shape=spread_shape(before))


@rule("BatchToSpaceND")
def batch_to_space(net: Net, node: TfNode, x: Tensor, block: Tensor, crops: Tensor) -> Tensor:
    if x.spread is None or x.spread.crops is None or _pairs(crops, x.spread.row) != x.spread.crops:
        raise Refused("BatchToSpaceND that does not end a dilated convolution", "use the argument dilations of Conv2D")
    blocks = (1, *block.integers()) if x.spread.row else (*block.integers(), 1)[:2]
    if blocks != x.spread.block:
        raise Refused("SpaceToBatchND and BatchToSpaceND with different blocks")
    y = x.spread.inner
    if not x.spread.row:
        return y
    shape = (y.shape[0], *y.shape[2:])
    return net.emit("Squeeze", node, [y], shape, kind=y.kind, axes=[1])  # type: ignore[no-any-return]


def _pairs(crops: Tensor, row: bool) -> tuple[tuple[int, int], ...]:
    flat = [0, 0, *crops.integers()] if row else [*crops.integers(), 0, 0]
    return (flat[0], flat[1]), (flat[2], flat[3])


@rule("_Spread")
def within_spread(net: Net, node: TfNode, *inputs: Tensor) -> Tensor:
    """An operator between SpaceToBatchND and BatchToSpaceND: a convolution, or one that sees each pixel alone."""
    (x,) = (x for x in inputs if x.spread)
    assert x.spread is not None
    spread = x.spread
    if spread.row and node.op in ("ExpandDims", "Squeeze"):
        return _row(node, x, spread, inputs)
    others = [i for i in inputs if i is not x]
    plain = [spread.inner if i is x else i for i in inputs]
    fused = node.op.removesuffix("V2").removesuffix("V3")
    small = all(i.constant and len(i.shape) <= 1 for i in others)
    pointwise = node.op == "Conv2D" and inputs[0] is x and inputs[1].shape[:2] == (1, 1)
    if spread.crops is None and node.op in ("Conv2D", "DepthwiseConv2dNative") and inputs[0] is x:
        made = replace(spread, crops=_crops_after(net, node, spread.row))
        y = RULES[node.op](net, node, *plain, spread=made)
        return y.as_spread(replace(made, inner=y))
    if (
        spread.crops is not None
        and small
        and (fused in BY_CHANNEL or node.op in ELEMENTWISE)
        or (pointwise and in_plane(node, node.integers("strides")) == (1, 1))
    ):
        y = RULES[node.op](net, node, *plain)
        first = y[0] if isinstance(y, list) else y
        return first.as_spread(replace(spread, inner=first))
    raise Refused("it operates on blocks moved into the batch", "use the argument dilations of Conv2D")


def _dilated(
    node: TfNode, spread: Spread, window: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], Pads, tuple[int, int]]:
    """The sizes and paddings of a convolution on blocks, as one with a dilation."""
    if tuple(stride) != (1, 1) or tuple(dilation) != (1, 1) or node.text("padding") != "VALID" or is_nchw(node):
        raise Refused("a convolution of blocks that is not VALID with steps of 1", "use the argument dilations")
    assert spread.crops is not None
    pads, counts = [], []
    for axis in (0, 1):
        begin, end = spread.pads[axis]
        cut, end = spread.crops[axis][0], end - spread.crops[axis][1]
        if cut or end < 0:
            raise Refused("BatchToSpaceND that crops what was not padded", "use the argument dilations of Conv2D")
        pads.append((begin, end))
        counts.append(spread.inner.shape[1 + axis] + begin + end - (window[axis] - 1) * spread.block[axis])
    return counts, pads, (spread.block[0], spread.block[1])


def _row(node: TfNode, x: Tensor, spread: Spread, inputs: Sequence[Tensor]) -> Tensor:
    """A tensor of rows with an axis of one row, in which conv1d convolves, and without it again."""
    axes = inputs[1].integers() if node.op == "ExpandDims" else node.integers("squeeze_dims")
    if spread.flat != (node.op == "ExpandDims") or axes not in ([1], [-3]):
        raise Refused("it operates on blocks moved into the batch", "use the argument dilations of conv1d")
    return x.as_spread(replace(spread, flat=not spread.flat))


def _crops_after(net: Net, node: TfNode, row: bool) -> tuple[tuple[int, int], ...]:
    """The crops of the BatchToSpaceND that follows."""
    last = node
    for _ in range(20):
        consumers = [r for r in net.body.consumers.get(last.name, []) if r.op != "Shape"]
        if len(consumers) != 1:
            break
        last = consumers[0]
        if last.op == "BatchToSpaceND":
            (found,) = net.run(net.body, [last.inputs[2]], 1)
            if isinstance(found, Tensor) and found.constant:
                return _pairs(found, row)
            break
    raise Refused("SpaceToBatchND without a BatchToSpaceND after it", "use the argument dilations of Conv2D")

"""Max unpooling over one to three axes, as in SegNet and ENet, and the positions of the maxima that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Node, Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Size, Source, from_torch, layer, pair
from ..activation.relu import ReLU
from ..activation.threshold import Threshold
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from ..convolution.unfold import one_hot_windows
from ..elementwise.eltwise import Eltwise
from ..indexing.cut import crop
from ..shape.pad import pad_with
from ..shape.reshape import Reshape, drop_batch, reshape_to, with_batch
from .pool_nd import stride_of
from .pooling import Pooling

Axes = tuple[int, ...]  # of the height and of the width, or of the depth, the height and the width


@layer("MaxPositions")
class MaxPositions(Layer):
    """For each window of a max pooling, the position of the first maximum in the flattened map.  No Caffe has this.

    Input: [N, C, H, W] or [N, C, D, H, W].
    of_tensor: the position in the flattened input, as in ONNX, not in its map.
    """

    kernel: Axes
    stride: Axes
    pad: Axes
    dilation: Axes
    ceil_mode: bool
    of_tensor: bool = False

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, float(prod(shapes[0][0 if self.of_tensor else 2 :]) - 1)

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        windows = f"{self.kernel}, {self.stride}, {self.pad}, {self.dilation}, {self.ceil_mode}"
        positions = f"F.max_pool{len(self.kernel)}d({{0}}, {windows}, return_indices=True)[1].to({{0}}.dtype)"
        if not self.of_tensor:
            return Source(expr=positions)
        (n, c, *sizes), ones = shapes[0], (1,) * len(self.kernel)
        return Source(
            expr=f"{positions} + torch.arange({n * c}, device={{0}}.device).reshape{(n, c, *ones)} * {prod(sizes)}"
        )

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        what = f"no Caffe layer gives the positions of the maxima of max_pool{len(self.kernel)}d"
        raise Refused(what, "pass them to F.max_unpool2d (1d, 3d) only, which needs no positions in Caffe")


@layer("MaxUnpool")
class MaxUnpool(Layer):
    """The numbers of the first input where the second has the first maximum of each window, 0 elsewhere.

    Inputs: [N, C, h, w], and the map [N, C, H, W] whose max pooling with this kernel, and stride, has that size; or
    [N, C, d, h, w] and [N, C, D, H, W].
    Source: torch.nn.functional.max_unpool2d, max_unpool3d.
    """

    kernel: Axes

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        rank = len(self.kernel)
        positions = f"F.max_pool{rank}d({{1}}, {self.kernel}, return_indices=True)[1]"
        return Source(expr=f"F.max_unpool{rank}d({{0}}, {positions}, {self.kernel}, output_size={{1}}.shape[2:])")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Exact: a volume is unpooled as maps in which `deep` channels belong to one window.

        before: y, x [N, C, D, H, W] -> MaxUnpool -> (output)
        after:  x -> crop -> Reshape [N, C * D, H, W] -> (unpooled with y) -> Reshape -> pad -> (output)
        """
        y, x = inputs
        if len(self.kernel) == 2:
            return _unpooled(net, y, x, 1, self.kernel)
        deep, kernel = self.kernel[0], self.kernel[1:]
        n, channels, depth = y.shape[:3]
        whole = crop(net, x, {2: (0, depth * deep)})
        maps = reshape_to(net, whole, (n, channels * depth * deep, *x.shape[3:]), "maps")
        values = reshape_to(net, y, (n, channels * depth, *y.shape[3:]), "values")
        unpooled = _unpooled(net, values, maps, deep, kernel)
        return pad_with(net, reshape_to(net, unpooled, whole.shape, "volume"), {2: (0, x.shape[2] - depth * deep)}, 0.0)


def _unpooled(net: Builder, y: Value, x: Value, deep: int, kernel: Axes) -> Value:
    """MaxUnpool of maps; `deep` consecutive channels of x are in one window with one channel of y.

    The k positions of a window are k channels; those before a maximum exclude it if they have it too.

    x -> Convolution(k channels per window) -> a; x -> Pooling -> Convolution(the same) -> b
    b - a -> Threshold -> Convolution -> ReLU -> c, 1 at the first maximum, else 0
    y -> Convolution(k channels per channel) -> d; c * d -> Deconvolution(k channels to `deep`) -> (output)
    """
    channels, positions = x.shape[1], deep * prod(kernel)
    windows = one_hot_windows(channels, kernel)
    split = Convolution(len(windows), kernel, kernel, group=channels, bias_term=False)
    kh, kw = kernel
    maxima = net.add(Pooling("MAX", kh, kw, kh, kw, round_mode="FLOOR"), x, name="pool")
    if deep > 1:
        n, _, height, width = maxima.shape
        columns = reshape_to(net, maxima, (n, channels // deep, deep, height * width), "columns")
        maxima = reshape_to(net, net.add(Pooling("MAX", deep, 1, deep, 1), columns, name="deep"), y.shape, "maxima")
    parts = net.add(split, x, blobs=[windows], name="parts")
    difference = net.add(
        Eltwise("SUM", (1.0, -1.0)), _repeated(net, maxima, positions, "repeated"), parts, name="difference"
    )
    below = net.add(Threshold(), difference, name="below")  # 1 where a position has less than the maximum
    first = net.add(ReLU(), _less_those_before(net, below, positions), name="first")
    placed = net.add(Eltwise("PROD"), _repeated(net, y, positions, "values"), first, name="placed")
    joined = Deconvolution(channels, kernel, kernel, group=channels, bias_term=False)
    pads = {axis: (0, x.shape[axis] - y.shape[axis] * k) for axis, k in enumerate(kernel, 2)}
    return pad_with(net, net.add(joined, placed, blobs=[windows], name="joined"), pads, 0.0)


def _repeated(net: Builder, x: Value, count: int, name: str) -> Value:
    """[N, C, h, w] with each channel `count` times."""
    channels = x.shape[1]
    copies = Convolution(channels * count, (1, 1), group=channels, bias_term=False)
    return net.add(copies, x, blobs=[np.ones((channels * count, 1, 1, 1), np.float32)], name=name)


def _less_those_before(net: Builder, below: Value, count: int) -> Value:
    """With m = 1 - below, m[i] - m[0] - ... - m[i - 1] among each `count` channels: 1 at the first m that is 1."""
    groups = below.shape[1] // count
    matrix = np.eye(count, dtype=np.float32) - np.tri(count, k=-1, dtype=np.float32)
    weight = np.tile(-matrix[:, :, None, None], (groups, 1, 1, 1))
    bias = np.tile(matrix.sum(1), groups)
    count_before = Convolution(below.shape[1], (1, 1), group=groups)
    return net.add(count_before, below, blobs=[weight, bias], name="less_those_before")


def max_positions(
    net: Builder,
    input: Value,
    rank: int,
    kernel: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil: bool,
    of_tensor: bool = False,
) -> Value:
    """The second result of max_pool1d, 2d or 3d with return_indices, `rank` being the number of axes pooled.

    of_tensor: as in MaxPositions.
    """
    x, added = with_batch(net, rank, input)
    axes = pair(kernel, rank), stride_of(kernel, stride, rank), pair(padding, rank), pair(dilation, rank)
    if rank == 1:  # a map of one column
        x = reshape_to(net, x, (*x.shape, 1), "column")
        axes = (*axes[0], 1), (*axes[1], 1), (*axes[2], 0), (*axes[3], 1)
    y: Value = net.add(MaxPositions(*axes, bool(ceil), of_tensor), x, name="positions")
    return drop_batch(net, y if rank > 1 else reshape_to(net, y, y.shape[:-1], "row"), added)


def _source_of(net: Builder, positions: Operand) -> Node | None:
    """The node that gave the positions, which may have got axes of size 1 since; None if computed, or constant."""
    node = net.bounds.producer(positions) if isinstance(positions, Value) else None
    while node is not None and isinstance(node.layer, Reshape):
        node = net.bounds.producer(node.inputs[0])
    return node if node is not None and isinstance(node.layer, MaxPositions) else None


@from_torch("torch._C._nn.max_unpool2d", "aten.max_unpool2d")
def max_unpool2d(net: Builder, input: Value, indices: Operand, output_size: Sequence[int]) -> Value:
    return unpool(net, 2, input, indices, output_size)


@from_torch("torch._C._nn.max_unpool3d", "aten.max_unpool3d")
def max_unpool3d(
    net: Builder,
    input: Value,
    indices: Operand,
    output_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
) -> Value:
    return unpool(net, 3, input, indices, output_size)


def unpool(
    net: Builder, rank: int, input: Value, indices: Operand, output_size: Sequence[int], of_tensor: bool = False
) -> Value:
    """max_unpool2d or max_unpool3d, by `rank`; max_unpool1d calls max_unpool2d, with maps of one column.

    of_tensor: what the indices must be, as in MaxPositions.
    """
    name = f"max_unpool{rank}d"
    node = _source_of(net, indices)
    y, added = with_batch(net, rank, input)
    known = node is not None and isinstance(node.layer, MaxPositions) and node.layer.of_tensor == of_tensor
    if node is None or not known or node.outputs[0].shape != y.shape:
        what = f"{name} with positions that are not the indices of one max_pool{rank}d"
        raise Refused(what, f"pass the indices of max_pool{rank}d as they are, or upsample by F.interpolate")
    pooling, (x,) = node.layer, node.inputs
    assert isinstance(pooling, MaxPositions)
    whole = all(size // k == out for size, k, out in zip(x.shape[2:], pooling.kernel, y.shape[2:], strict=True))
    plain = pooling.stride == pooling.kernel and not any(pooling.pad) and set(pooling.dilation) == {1} and whole
    if any(stride < k for stride, k in zip(pooling.stride, pooling.kernel, strict=True)):
        what = f"{name} after a max_pool{rank}d whose windows overlap: two may have their maximum at one position, and "
        what += "PyTorch does not define which of the two numbers is then written"
        raise Refused(what, "pool with stride=kernel_size, or upsample by F.interpolate")
    if not plain:
        what = f"{name} after a max_pool{rank}d whose windows are padded, dilated, spaced or overhang: {pooling}"
        raise Refused(what, "pool with stride=kernel_size, without padding, or upsample by F.interpolate")
    if tuple(output_size) != x.shape[2:]:
        what = f"{name} to {list(output_size)}, but the positions are those of a map of {list(x.shape[2:])}"
        raise Refused(what, f"pass output_size=x.size(), x being the input of max_pool{rank}d")
    net.bounds.refuse_hidden(y)
    return drop_batch(net, net.add(MaxUnpool(pooling.kernel), y, x), added)

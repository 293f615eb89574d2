"""Max unpooling, the reverse of max pooling in SegNet and ENet, and the positions of the maxima that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Size, Source, from_torch, layer, pair
from ..activation.relu import ReLU
from ..activation.threshold import Threshold
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from ..convolution.unfold import one_hot_windows
from ..elementwise.eltwise import Eltwise
from ..shape.pad import pad_with
from .pool_nd import stride_of
from .pooling import Pooling

Axes = tuple[int, int]  # of the height and of the width


@layer("MaxPositions")
class MaxPositions(Layer):
    """For each window of a max pooling, the position of the first maximum in the flattened map.  No Caffe has this."""

    kernel: Axes
    stride: Axes
    pad: Axes
    dilation: Axes
    ceil_mode: bool

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return 0.0, float(prod(shapes[0][2:]) - 1)

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        windows = f"{self.kernel}, {self.stride}, {self.pad}, {self.dilation}, {self.ceil_mode}"
        return Source(expr=f"F.max_pool2d({{0}}, {windows}, return_indices=True)[1].to({{0}}.dtype)")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        what = "no Caffe layer gives the positions of the maxima of max_pool2d"
        raise Refused(what, "pass them to F.max_unpool2d only, which needs no positions in Caffe")


@layer("MaxUnpool")
class MaxUnpool(Layer):
    """The numbers of the first input where the second has the first maximum of each window, 0 elsewhere.

    Inputs: [N, C, h, w], and the map [N, C, H, W] whose max pooling with this kernel, and stride, has that size.
    Source: torch.nn.functional.max_unpool2d.
    """

    kernel: Axes

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        positions = f"F.max_pool2d({{1}}, {self.kernel}, return_indices=True)[1]"
        return Source(expr=f"F.max_unpool2d({{0}}, {positions}, {self.kernel}, output_size={{1}}.shape[2:])")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """Exact: the k positions of a window are k channels, those before a maximum exclude it if they have it too.

        before: y, x -> MaxUnpool -> (output)
        after:  x -> Convolution(k channels per channel) -> a; x -> Pooling -> Convolution(the same) -> b
                b - a -> Threshold -> Convolution -> ReLU -> c, 1 at the first maximum, else 0
                y -> Convolution(k channels per channel) -> d; c * d -> Deconvolution(k channels to one) -> (output)
        """
        y, x = inputs
        channels, positions = x.shape[1], prod(self.kernel)
        windows = one_hot_windows(channels, self.kernel)
        split = Convolution(len(windows), self.kernel, self.kernel, group=channels, bias_term=False)
        maxima = net.add(Pooling("MAX", *self.kernel, *self.kernel, round_mode="FLOOR"), x, name="pool")
        parts = net.add(split, x, blobs=[windows], name="parts")
        difference = net.add(
            Eltwise("SUM", (1.0, -1.0)), _repeated(net, maxima, positions, "maxima"), parts, name="difference"
        )
        below = net.add(Threshold(), difference, name="below")  # 1 where a position has less than the maximum
        first = net.add(ReLU(), _less_those_before(net, below, positions), name="first")
        placed = net.add(Eltwise("PROD"), _repeated(net, y, positions, "values"), first, name="placed")
        joined = Deconvolution(channels, self.kernel, self.kernel, group=channels, bias_term=False)
        pads = {axis: (0, x.shape[axis] - y.shape[axis] * k) for axis, k in enumerate(self.kernel, 2)}
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
    net: Builder, x: Value, kernel: Size, stride: Size | None, padding: Size, dilation: Size, ceil_mode: bool
) -> Value | None:
    """The second result of max_pool2d with return_indices; None for maps without a batch axis."""
    if len(x.shape) != 4:
        return None
    (kh, kw), (sh, sw) = pair(kernel), stride_of(kernel, stride)
    (ph, pw), (dh, dw) = pair(padding), pair(dilation)
    positions: Value = net.add(
        MaxPositions((kh, kw), (sh, sw), (ph, pw), (dh, dw), bool(ceil_mode)), x, name="positions"
    )
    return positions


@from_torch("torch._C._nn.max_unpool2d", "aten.max_unpool2d")
def max_unpool2d(net: Builder, input: Value, indices: Value, output_size: Sequence[int]) -> Value:
    node = next((node for node in reversed(net.graph.nodes) if indices in node.outputs), None)
    if node is None or not isinstance(node.layer, MaxPositions):
        what = "max_unpool2d with positions that are not the indices of one max_pool2d"
        raise Refused(what, "pass the indices of max_pool2d as they are, or upsample by F.interpolate")
    pooling, (x,) = node.layer, node.inputs
    whole = all(size // k == out for size, k, out in zip(x.shape[2:], pooling.kernel, input.shape[2:], strict=True))
    plain = (pooling.stride, pooling.pad, pooling.dilation) == (pooling.kernel, (0, 0), (1, 1)) and whole
    if not plain:
        what = f"max_unpool2d after a max_pool2d whose windows overlap, are padded or overhang: {pooling}"
        raise Refused(what, "pool with stride=kernel_size, without padding, or upsample by F.interpolate")
    if tuple(output_size) != x.shape[2:]:
        what = f"max_unpool2d to {list(output_size)}, but the positions are those of a map of {list(x.shape[2:])}"
        raise Refused(what, "pass output_size=x.size(), x being the input of max_pool2d")
    net.bounds.refuse_hidden(input)
    return net.add(MaxUnpool(pooling.kernel), input, x)

"""Tensor.unfold: the windows along one axis. The windows of images, F.unfold, are in convolution/unfold.py."""

from __future__ import annotations

from math import prod

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import from_torch
from ..convolution.convolution import Convolution
from ..convolution.unfold import one_hot_windows
from ..indexing.cut import crop
from .permute import permute_to
from .reshape import reshape_to


@from_torch("torch.Tensor.unfold")
def unfold(net: Builder, input: Value, dimension: int, size: int, step: int) -> Value:
    """The windows [begin, begin + size) for begin = 0, step, 2 step ... that fit; the last axis counts within them.

    [..., L, ...] becomes [..., windows, ..., size].
    """
    if not input.shape:
        return reshape_to(net, input, (size,))
    axis = dimension % len(input.shape)
    windows = (input.shape[axis] - size) // step + 1
    before, after = input.shape[:axis], input.shape[axis + 1 :]
    x = crop(net, input, {axis: (0, (windows - 1) * step + size)})
    if step == size:
        apart = reshape_to(net, x, (*before, windows, size, *after), "apart")
        rank = len(apart.shape)
        return permute_to(net, apart, [i for i in range(rank) if i != axis + 1] + [axis + 1])
    picked = _one_hot_convolution(net, x, axis, size, step)
    moved = permute_to(net, picked, (0, 1, 3, 4, 2))
    return reshape_to(net, moved, (*before, windows, *after, size), "full")


def _one_hot_convolution(net: Builder, x: Value, axis: int, size: int, step: int) -> Value:
    """The windows as [batch, before, size, windows, after]: one depthwise convolution, each filter picks a position."""
    batch, channels = x.shape[:axis][0] if axis else 1, prod(x.shape[1:axis])
    picture = reshape_to(net, x, (batch, channels, x.shape[axis], prod(x.shape[axis + 1 :])), "picture")
    weight = one_hot_windows(channels, (size, 1))
    one_hot = Convolution(len(weight), (size, 1), (step, 1), group=channels, bias_term=False)
    y = net.add(one_hot, picture, blobs=[weight], name="windows")
    return reshape_to(net, y, (batch, channels, size, *y.shape[2:]), "columns")

"""Permute: axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import MOST_AXES, SHAPE, Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_torch, layer, unpacked
from ..convolution.convolution import Convolution
from ..convolution.deconvolution import Deconvolution
from .concat import Concat
from .reshape import reshape_to
from .slice import slice_at

FEW_PIECES = 8  # up to this number slices cost less than a convolution
MOST_PIECES = 64
MOST_CHANNELS = 4096  # an identity matrix of 64 MB


@layer("Permute", param="permute_param")
class Permute(Layer):
    """Axis i of the output is axis order[i] of the input.  Source: the SSD fork of Caffe, permute_layer.cpp."""

    moves_data = True

    order: tuple[int, ...]

    def to_caffe(self) -> dict[str, Any]:
        return {"order": list(self.order)}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        order = list(param.get("order", ()))
        return cls(tuple(order + [axis for axis in range(len(shapes[0])) if axis not in order]))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"{{0}}.permute({', '.join(map(str, self.order))})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Axes of size 1 are omitted, and axes that stay neighbours joined; ncnn permutes up to four."""
        sizes, order = grouped(shapes[0], self.order)
        if len(sizes) < 2:
            return Ncnn(SHAPE)
        if len(sizes) > MOST_AXES:
            raise Refused(f"ncnn permutes up to {MOST_AXES} axes, here {list(shapes[0])} to {self.order}")
        last_first = tuple(len(sizes) - 1 - axis for axis in reversed(order))
        gives = tuple(sizes[axis] for axis in order)
        return Ncnn("Permute", {0: NCNN[len(sizes)].index(last_first)}, (), (sizes,), (gives,))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Axes of size 1 move by Reshape, the others by swaps of neighbouring blocks of axes."""
        (x,) = inputs
        shape = [x.shape[axis] for axis in self.order]
        axes = [axis for axis in range(len(x.shape)) if x.shape[axis] != 1]
        wanted = [axis for axis in self.order if x.shape[axis] != 1]
        sizes = dict(enumerate(x.shape))
        while axes != wanted:
            start = next(i for i, (have, want) in enumerate(zip(axes, wanted, strict=True)) if have != want)
            middle = axes.index(wanted[start])
            stop = middle + 1
            while stop < len(axes) and axes[stop] == wanted[start + stop - middle]:
                stop += 1
            x = _swap(net, x, *(prod(sizes[a] for a in part) for part in _parts(axes, start, middle, stop)))
            axes[start:stop] = axes[middle:stop] + axes[start:middle]
        return reshape_to(net, x, shape, "permuted")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.permute(inputs[0], self.order)


# ncnn's order types 0, 1, 2 ...: the axis of the input for each axis of the output, both counted from the last
NCNN: dict[int, list[tuple[int, ...]]] = {
    2: [(0, 1), (1, 0)],
    3: [(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0), (2, 1, 0)],
    4: [
        (0, 1, 2, 3),
        (1, 0, 2, 3),
        (0, 2, 1, 3),
        (2, 0, 1, 3),
        (1, 2, 0, 3),
        (2, 1, 0, 3),
        (0, 1, 3, 2),
        (1, 0, 3, 2),
        (0, 3, 1, 2),
        (3, 0, 1, 2),
        (1, 3, 0, 2),
        (3, 1, 0, 2),
        (0, 2, 3, 1),
        (2, 0, 3, 1),
        (0, 3, 2, 1),
        (3, 0, 2, 1),
        (2, 3, 0, 1),
        (3, 2, 0, 1),
        (1, 2, 3, 0),
        (2, 1, 3, 0),
        (1, 3, 2, 0),
        (3, 1, 2, 0),
        (2, 3, 1, 0),
        (3, 2, 1, 0),
    ],
}


def grouped(shape: Sequence[int], order: Sequence[int]) -> tuple[Shape, tuple[int, ...]]:
    """The sizes of a permutation's groups of axes that stay neighbours, in the input's order, and the groups' order.

    >>> grouped((1, 2, 3, 4, 5), (0, 3, 4, 1, 2))
    ((6, 20), (1, 0))
    """
    groups: list[list[int]] = []
    for axis in (axis for axis in order if shape[axis] != 1):
        if groups and all(shape[between] == 1 for between in range(groups[-1][-1] + 1, axis)) and axis > groups[-1][-1]:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    rank = {group[0]: i for i, group in enumerate(sorted(groups))}
    return tuple(prod(shape[axis] for axis in group) for group in sorted(groups)), tuple(rank[g[0]] for g in groups)


def _parts(axes: list[int], start: int, middle: int, stop: int) -> tuple[list[int], ...]:
    return axes[:start], axes[start:middle], axes[middle:stop], axes[stop:]


def _swap(net: Lowering, x: Value, before: int, a: int, b: int, after: int) -> Value:
    """[before, a, b, after] -> [before, b, a, after], in few and cheap layers.

    A few pieces are sliced and concatenated. Otherwise one convolution with an identity matrix: each of b output
    channels reads the numbers `after` apart along a row, or, transposed, each of a input channels writes them there.
    """
    if net.takes(Permute((0, 2, 1, 3)), Value("split", (before, a, b, after))):
        permuted = net.add(Permute((0, 2, 1, 3)), reshape_to(net, x, (before, a, b, after), "split"), name="swap")
        return reshape_to(net, permuted, (before, b, a, after), "swapped")
    pieces = min(a, b)
    if pieces <= FEW_PIECES or (a <= b and after > 1 and pieces <= MOST_PIECES):
        return _cut_and_join(net, x, before, a, b, after)
    if pieces > MOST_CHANNELS:
        raise Refused(
            f"permute would need an identity matrix of {pieces} rows, more than {MOST_CHANNELS}",
            "use a target that has Permute (--target), or keep the order of the axes",
        )
    eye, apart = np.eye(pieces, dtype=np.float32), (1, after)
    if b < a:
        x = reshape_to(net, x, (before, 1, a, b * after), "row")
        fix_axes(x, {3})
        read = Convolution(b, (1, b), dilation=apart, bias_term=False)
        return net.add(read, x, blobs=[eye.reshape(b, 1, 1, b)], name="pick")
    x = reshape_to(net, x, (before, a, b, after), "row")
    fix_axes(x, {3})
    write = Deconvolution(1, (1, a), dilation=apart, bias_term=False)
    return net.add(write, x, blobs=[eye.reshape(a, 1, 1, a)], name="put")


def _cut_and_join(net: Builder, x: Value, before: int, a: int, b: int, after: int) -> Value:
    """Slices along the smaller of a and b, and concatenates the pieces along an axis that stays next to the other.

    [before, 1, b, after] along the last axis is [before, b, a * after] in memory; [before, a, 1, after] along the
    second is [before, b * a, after]. The shape of the result is therefore not [before, b, a, after].
    """
    x = reshape_to(net, x, (before, a, b, after), "blocks")
    axis, along = (1, 3) if a <= b else (2, 1)
    parts = slice_at(net, x, axis, range(1, min(a, b)), "cut")
    return net.add(Concat(along), *parts, name="join") if len(parts) > 1 else parts[0]


def permute_to(net: Builder, input: Operand, order: Sequence[int]) -> Any:
    """The value, or constant, with its axes in `order`; a Reshape where only axes of size 1 move."""
    order = tuple(axis % len(input.shape) for axis in order)
    if isinstance(input, np.ndarray):
        return np.ascontiguousarray(input.transpose(order))
    moving = [axis for axis in order if input.shape[axis] != 1]
    if moving == sorted(moving):
        return reshape_to(net, input, [input.shape[axis] for axis in order])
    return net.add(Permute(order), input)


@from_torch("torch.Tensor.permute", "torch.permute")
def permute(net: Builder, input: Value, *order: int | Sequence[int], dims: Sequence[int] = ()) -> Value:
    return permute_to(net, input, unpacked(order or (dims,)))


@from_onnx("Transpose")
def onnx_transpose(net: Builder, data: Value, *, perm: Sequence[int] | None = None) -> Value:
    order = tuple(range(len(data.shape)))[::-1] if perm is None else tuple(perm)
    if sorted(order) != list(range(len(data.shape))):
        raise Refused(f"Transpose of {len(data.shape)} axes by {list(order)}")
    return permute_to(net, data, order)

"""Padding with a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.power import Power
from ..indexing.strided_slice import crop
from ..linear.linear_map import select_indices
from .concat import Concat


@layer("Pad")
class Pad(Layer):
    """`value` put before[i] times before and after[i] times behind axis i."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float = 0.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        flat = [n for pair in zip(reversed(self.before), reversed(self.after), strict=True) for n in pair]
        return Source(expr=f"F.pad({{0}}, {tuple(flat)}, value={number(self.value)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn pads the last three axes of a blob, width, height, depth or channels."""
        padded = [axis for axis, sizes in enumerate(zip(self.before, self.after, strict=True)) if any(sizes)]
        dims, places = along(shapes[0], *padded)
        params = {}
        for axis, place in zip(padded, places, strict=False):
            if place < len(dims) - 3 or len(places) < len(padded):
                raise Refused(f"ncnn cannot pad axes {padded} of {list(shapes[0])}", "pad the last three axes")
            keys = {1: (2, 3), 2: (0, 1), 3: (7, 8)}[len(dims) - place]
            params |= dict(zip(keys, (self.before[axis], self.after[axis]), strict=True))
        gives = list(dims)
        for axis, place in zip(padded, places, strict=True):
            gives[place] += self.before[axis] + self.after[axis]
        return Ncnn("Padding", {**params, 4: 0, 5: self.value}, (), (dims,), (tuple(gives),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        for axis, (before, after) in enumerate(zip(self.before, self.after, strict=True)):
            parts = [_block(net, x, axis, before, self.value), [x], _block(net, x, axis, after, self.value)]
            flat = [value for part in parts for value in part]
            x = net.add(Concat(axis), *flat, name="padded") if len(flat) > 1 else x
        return x

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.pad(inputs[0], self.before, self.after, self.value)


def _block(net: Builder, x: Value, axis: int, size: int, value: Any) -> Any:
    """Values of `size` along `axis`, all `value`: slices of x times 0."""
    found = []
    while size > 0:
        part = crop(net, x, {axis: (0, min(size, x.shape[axis]))})
        found.append(net.add(Power(scale=0.0, shift=value), part, name="fill"))
        size -= x.shape[axis]
    return found


def pad_with(net: Builder, x: Value, pads: Any, value: Any) -> Any:
    """x with axis a padded by pads[a] = (before, after); negative numbers cut."""
    x = crop(net, x, {a: (max(-b, 0), x.shape[a] - max(-e, 0)) for a, (b, e) in pads.items()})
    before, after = (tuple(max(pads.get(a, (0, 0))[i], 0) for a in range(len(x.shape))) for i in (0, 1))
    return net.add(Pad(before, after, value), x) if any(before + after) else x


REPEATING = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # PyTorch's name -> numpy's


def _repeat(net: Builder, x: Value, pads: Any, mode: str) -> Any:
    """Each axis longer by its own numbers, mirrored, repeated or wrapped around."""
    for axis, (before, after) in pads.items():
        places = np.arange(x.shape[axis])
        places = places[max(-before, 0) : len(places) - max(-after, 0)]
        if not len(places):
            raise Refused(f"padding that cuts away all of axis {axis}", "cut less")
        x = select_indices(net, x, axis, np.pad(places, (max(before, 0), max(after, 0)), mode=mode))
    return x


@from_torch("torch.nn.functional.pad", "torch._C._nn.pad", "torch.constant_pad_nd", "aten.constant_pad_nd")
def pad(net: Builder, input: Value, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    pads = {len(input.shape) - 1 - i // 2: (int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)}
    if mode in REPEATING:
        return _repeat(net, input, pads, REPEATING[mode])
    if mode != "constant" and not isinstance(mode, (int, float)):
        raise Refused(f"padding with mode {mode!r}", f"use constant, {', '.join(REPEATING)}")
    value = mode if isinstance(mode, (int, float)) else value or 0.0
    if np.isinf(value):
        value = float(np.copysign(np.finfo(np.float32).max, value))
    return pad_with(net, input, pads, float(value))


@from_ir("Pad", "PadV2")
def ir_pad(net: Builder, node: IrOperator, input: Value) -> Any:
    """`pads`: how many before each axis, then how many behind each."""
    rank = len(input.shape)
    pads = node.integers("pads", count=2 * rank)
    places = {node.axis(input, axis): (pads[axis], pads[axis + rank]) for axis in range(rank)}
    return _in_mode(net, node, input, places)


@from_ir("MirrorPad")
def ir_mirror_pad(net: Builder, node: IrOperator, input: Value) -> Any:
    """`pads` here is pair by pair: before and behind the first axis, before and behind the second ..."""
    pads = node.integers("pads" if "pads" in node else "paddings", count=2 * len(input.shape))
    places = {node.axis(input, i // 2): (pads[i], pads[i + 1]) for i in range(0, len(pads), 2)}
    return _in_mode(net, node, input, places)


def _in_mode(net: Builder, node: IrOperator, input: Value, places: Any) -> Any:
    places = {axis: pair for axis, pair in sorted(places.items()) if any(pair)}
    if any(abs(n) > MOST_PADDING for pair in places.values() for n in pair):
        raise Refused(f"{node.op} by more than {MOST_PADDING:,}")
    mode = node.text("mode", "constant" if node.op.startswith("Pad") else None).lower()
    if mode == "constant":
        return pad_with(net, input, places, node.number("constant_values", 0.0))
    if mode not in IR_MODES:
        raise Refused(f"{node.op} with mode {mode!r}", f"use constant, {', '.join(IR_MODES)}")
    return _repeat(net, input, places, IR_MODES[mode])


IR_MODES = {"reflect": "reflect", "symmetric": "symmetric", "edge": "edge"}
MOST_PADDING = 1 << 16

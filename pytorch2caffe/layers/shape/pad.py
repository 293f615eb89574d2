"""Padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, along
from ...graph.bounds import are_integers
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.onnx_rules import constant_input, from_onnx
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, hull, layer, number
from ..elementwise.power import Power
from ..indexing.cut import crop
from ..indexing.index_select import select_indices
from .concat import Concat
from .repeat_pad import repeat_pad

Mode = Literal["reflect", "edge", "wrap", "symmetric"]

MOST_PADDING = 1 << 16
REPEATING: dict[str, Mode] = {
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}  # torch's -> numpy's
IR_MODES: dict[str, Mode] = {"reflect": "reflect", "symmetric": "symmetric", "edge": "edge"}  # the IR's -> numpy's

Pads = Mapping[int, tuple[int, int]]  # axis -> numbers at its start and its end


@layer("Pad")
class Pad(Layer):
    """`value` added before[i] times at the start and after[i] times at the end of axis i."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float = 0.0

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return hull([*inputs, (self.value, self.value)])

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(self.value)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        flat = [n for pair in zip(reversed(self.before), reversed(self.after), strict=True) for n in pair]
        return Source(expr=f"F.pad({{0}}, {tuple(flat)}, value={number(self.value)})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn pads the last three axes of a blob, width, height, depth or channels."""
        padded = [axis for axis, sizes in enumerate(zip(self.before, self.after, strict=True)) if any(sizes)]
        dims, axes = along(shapes[0], *padded)
        params: dict[int, int] = {}
        for axis, own in zip(padded, axes, strict=False):
            if own < len(dims) - 3 or len(axes) < len(padded):
                raise Refused(f"ncnn cannot pad axes {padded} of {list(shapes[0])}", "pad the last three axes")
            keys = {1: (2, 3), 2: (0, 1), 3: (7, 8)}[len(dims) - own]
            params |= dict(zip(keys, (self.before[axis], self.after[axis]), strict=True))
        gives = list(dims)
        for axis, own in zip(padded, axes, strict=True):
            gives[own] += self.before[axis] + self.after[axis]
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


def _block(net: Builder, x: Value, axis: int, size: int, value: float) -> list[Value]:
    """Values of `size` along `axis`, all `value`: slices of x times 0."""
    parts = []
    any_size = size <= x.shape[axis]
    while size > 0:
        part = crop(net, x, {axis: (0, min(size, x.shape[axis]))}, any_size=any_size)
        parts.append(net.add(Power(scale=0.0, shift=value), part, name="fill"))
        size -= x.shape[axis]
    return parts


def pad_with(net: Builder, x: Value, pads: Pads, value: float) -> Value:
    """x with axis a padded by pads[a] = (before, after); negative numbers crop."""
    x = crop(net, x, {a: (max(-b, 0), x.shape[a] - max(-e, 0)) for a, (b, e) in pads.items()})
    before, after = (tuple(max(pads.get(a, (0, 0))[i], 0) for a in range(len(x.shape))) for i in (0, 1))
    return net.add(Pad(before, after, value), x) if any(before + after) else x


def _repeat(net: Builder, x: Value, pads: Pads, mode: Mode) -> Value:
    """Each axis padded with its own numbers, as numpy.pad does in this mode."""
    for axis, (before, after) in pads.items():
        if min(before, after) >= 0:
            x = repeat_pad(net, x, axis, before, after, mode)
            continue
        positions = np.arange(x.shape[axis])
        positions = positions[max(-before, 0) : len(positions) - max(-after, 0)]
        if not len(positions):
            raise Refused(f"padding that crops all of axis {axis}", "use smaller negative padding")
        padded = np.pad(positions, (max(before, 0), max(after, 0)), mode=mode)
        x = select_indices(net, x, axis, padded, any_size=after == 0 and mode != "wrap")
    return x


@from_torch("torch.nn.functional.pad", "torch._C._nn.pad", "torch.constant_pad_nd", "aten.constant_pad_nd")
def pad(
    net: Builder, input: Value, pad: Sequence[int], mode: str | float = "constant", value: float | None = None
) -> Value:
    pads = {len(input.shape) - 1 - i // 2: (int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)}
    if isinstance(mode, str) and mode in REPEATING:
        return _repeat(net, input, pads, REPEATING[mode])
    if isinstance(mode, str) and mode != "constant":
        raise Refused(f"padding with mode {mode!r}", f"use constant, {', '.join(REPEATING)}")
    fill = float(value or 0.0) if isinstance(mode, str) else float(mode)  # constant_pad_nd gives the value as mode
    if np.isinf(fill):
        fill = float(np.copysign(np.finfo(np.float32).max, fill))
    return pad_with(net, input, pads, fill)


@from_ir("Pad", "PadV2")
def ir_pad(net: Builder, node: IrOperator, input: Value) -> Value:
    """`pads`: the numbers at the start of each axis, then those at the end of each."""
    rank = len(input.shape)
    pads = node.integers("pads", count=2 * rank)
    per_axis = {node.axis(input, axis): (pads[axis], pads[axis + rank]) for axis in range(rank)}
    return _in_mode(net, node, input, per_axis)


@from_ir("MirrorPad")
def ir_mirror_pad(net: Builder, node: IrOperator, input: Value) -> Value:
    """`pads`, or `paddings`, is a pair per axis: at its start, at its end."""
    pads = node.integers("pads" if "pads" in node else "paddings", count=2 * len(input.shape))
    per_axis = {node.axis(input, i // 2): (pads[i], pads[i + 1]) for i in range(0, len(pads), 2)}
    return _in_mode(net, node, input, per_axis)


def _in_mode(net: Builder, node: IrOperator, input: Value, per_axis: Pads) -> Value:
    pads = {axis: pair for axis, pair in sorted(per_axis.items()) if any(pair)}
    if any(abs(n) > MOST_PADDING for pair in pads.values() for n in pair):
        raise Refused(f"{node.op} by more than {MOST_PADDING:,}")
    mode = node.text("mode", "constant" if node.op.startswith("Pad") else None).lower()
    if mode == "constant":
        return pad_with(net, input, pads, node.number("constant_values", 0.0))
    if mode not in IR_MODES:
        raise Refused(f"{node.op} with mode {mode!r}", f"use constant, {', '.join(IR_MODES)}")
    return _repeat(net, input, pads, IR_MODES[mode])


ONNX_MODES: dict[str, Mode] = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}  # ONNX's -> numpy's


@from_onnx("Pad")
def onnx_pad(
    net: Builder,
    data: Value,
    pads: Any = None,
    constant_value: Any = None,
    axes: Any = None,
    *,
    mode: str = "constant",
    value: float = 0.0,
    paddings: Sequence[int] | None = None,
) -> Value:
    """`pads`: the numbers at the start of each axis, or of each of `axes`, then those at the end of each."""
    given: Any = paddings if pads is None else constant_input(pads, "the padding of Pad")
    sizes = [int(n) for n in np.ravel(given)]
    named = range(len(data.shape)) if axes is None else [int(a) % len(data.shape) for a in np.ravel(axes)]
    if len(sizes) != 2 * len(named) or any(abs(n) > MOST_PADDING for n in sizes):
        raise Refused(f"Pad of {len(named)} axes by {sizes[:16]}", f"give two numbers up to {MOST_PADDING:,} per axis")
    pairs = zip(named, sizes[: len(named)], sizes[len(named) :], strict=True)
    per_axis = {axis: (before, after) for axis, before, after in pairs if before or after}
    if mode != "constant":
        if mode not in ONNX_MODES:
            raise Refused(f"Pad with mode {mode!r}", f"use constant, {', '.join(ONNX_MODES)}")
        return _repeat(net, data, per_axis, ONNX_MODES[mode])
    fill = value if constant_value is None else float(np.reshape(constant_input(constant_value, "the value"), ()))
    return pad_with(net, data, per_axis, float(np.clip(fill, -FLOAT_MAX, FLOAT_MAX)))


FLOAT_MAX = float(np.finfo(np.float32).max)

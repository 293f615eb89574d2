"""Padding with a constant."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer, number
from .concat import Concat
from .linear_map import select_indices
from .power import Power
from .strided_slice import crop


@layer("Pad")
class Pad(Layer):
    """`value` put before[i] times before and after[i] times behind axis i."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float = 0.0

    def to_torch(self, shapes, blobs):
        flat = [n for pair in zip(reversed(self.before), reversed(self.after), strict=True) for n in pair]
        return Source(expr=f"F.pad({{0}}, {tuple(flat)}, value={number(self.value)})")

    def lower(self, net, inputs, blobs):
        (x,) = inputs
        for axis, (before, after) in enumerate(zip(self.before, self.after, strict=True)):
            parts = [_block(net, x, axis, before, self.value), [x], _block(net, x, axis, after, self.value)]
            flat = [value for part in parts for value in part]
            x = net.add(Concat(axis), *flat, name="padded") if len(flat) > 1 else x
        return x


def _block(net, x, axis, size, value):
    """Values of `size` along `axis`, all `value`: slices of x times 0."""
    found = []
    while size > 0:
        part = crop(net, x, {axis: (0, min(size, x.shape[axis]))})
        found.append(net.add(Power(scale=0.0, shift=value), part, name="fill"))
        size -= x.shape[axis]
    return found


def pad_with(net, x, pads, value):
    """x with axis a padded by pads[a] = (before, after); negative numbers cut."""
    x = crop(net, x, {a: (max(-b, 0), x.shape[a] - max(-e, 0)) for a, (b, e) in pads.items()})
    before, after = (tuple(max(pads.get(a, (0, 0))[i], 0) for a in range(len(x.shape))) for i in (0, 1))
    return net.add(Pad(before, after, value), x) if any(before + after) else x


REPEATING = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # PyTorch's name -> numpy's


def _repeat(net, x, pads, mode):
    """Each axis longer by its own numbers, mirrored, repeated or wrapped around."""
    for axis, (before, after) in pads.items():
        places = np.arange(x.shape[axis])
        places = places[max(-before, 0) : len(places) - max(-after, 0)]
        if not len(places):
            raise Refused(f"padding that cuts away all of axis {axis}", "cut less")
        x = select_indices(net, x, axis, np.pad(places, (max(before, 0), max(after, 0)), mode=mode))
    return x


@from_torch("torch.nn.functional.pad", "torch._C._nn.pad", "torch.constant_pad_nd", "aten.constant_pad_nd")
def pad(net, input, pad, mode="constant", value=None):
    pads = {len(input.shape) - 1 - i // 2: (int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)}
    if mode in REPEATING:
        return _repeat(net, input, pads, REPEATING[mode])
    if mode != "constant" and not isinstance(mode, (int, float)):
        raise Refused(f"padding with mode {mode!r}", f"use constant, {', '.join(REPEATING)}")
    value = mode if isinstance(mode, (int, float)) else value or 0.0
    if np.isinf(value):
        value = float(np.copysign(np.finfo(np.float32).max, value))
    return pad_with(net, input, pads, float(value))

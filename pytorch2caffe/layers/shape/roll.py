"""Roll: torch.roll along an axis, towards its end."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer
from ..indexing.index_select import select_indices
from ..shape.reshape import reshape_to
from .ends import rolled


@layer("Roll")
class Roll(Layer):
    """An axis of [N, C, H, W] rolled by `shift` positions towards its end: 0 < shift < its size."""

    moves_data = True

    axis: int
    shift: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr=f"torch.roll({{0}}, {self.shift}, {self.axis})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        (x,) = inputs
        if net.any_size:
            return rolled(net, x, self.axis, self.shift)
        return select_indices(net, x, self.axis, np.roll(np.arange(x.shape[self.axis]), self.shift))


@from_torch("torch.roll", "torch.Tensor.roll")
def roll(net: Builder, input: Value, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Value:
    steps = [shifts] if isinstance(shifts, int) else list(shifts)
    if dims is None or dims == ():
        flat = reshape_to(net, input, (prod(input.shape),), "flat")
        return reshape_to(net, roll(net, flat, steps, (0,)), input.shape)
    x = input
    for shift, dim in zip(steps, [dims] if isinstance(dims, int) else dims, strict=True):
        dim %= max(len(x.shape), 1)
        if len(x.shape) == 4 and dim >= 2 and 0 < shift < x.shape[dim]:
            x = net.add(Roll(dim, shift), x)
            continue
        x = select_indices(net, x, dim, np.roll(np.arange(x.shape[dim]), shift), any_size=-x.shape[dim] < shift < 0)
    return x

"""PyTorch's recurrent modules as Recurrent layers: stacked, in both directions, with initial states; cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ..indexing.strided_slice import crop
from ..linear.linear_map import select_indices
from ..shape.concat import Concat
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .recurrent import Recurrent


def run_layers(
    net: Builder,
    kind: Any,
    input: Value,
    state: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    bidirectional: Any,
    batch_first: Any,
    **named: Any,
) -> list[Value]:
    """All layers and directions; returns the output and the last states, each [layers * directions, N, H]."""
    per, directions = 4 if has_biases else 2, 2 if bidirectional else 1
    if len(params) != per * num_layers * directions:
        raise Refused(f"{kind} with projections has no Caffe layer", "use proj_size=0")
    batched = len(input.shape) == 3
    x = input if batched else _with_batch(net, input)
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    state = [_value(net, s if batched else _with_batch(net, s)) for s in state]
    last = []
    for index in range(num_layers):
        outputs = []
        for direction in range(directions):
            cell = index * directions + direction
            blobs = params[cell * per : (cell + 1) * per]
            start = [crop(net, s, {0: (cell, cell + 1)}) for s in state]
            made = Recurrent(kind, blobs[1].shape[1], bool(has_biases), **named)
            y, *ends = _one(net, made, x, start, blobs, f"l{index}", backwards=bool(direction))
            outputs.append(y)
            last.append(ends)
        x = net.add(Concat(2), *outputs, name="directions") if directions == 2 else outputs[0]
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    ends = [
        net.add(Concat(0), *parts, name="last") if len(parts) > 1 else parts[0] for parts in zip(*last, strict=True)
    ]
    return [x, *ends] if batched else [reshape_to(net, y, (y.shape[0], y.shape[2])) for y in (x, *ends)]


def _one(
    net: Builder, made: Any, x: Value, start: Sequence[Value], blobs: Sequence[np.ndarray], name: str, backwards: bool
) -> list[Value]:
    """One layer in one direction: its output and last states."""
    if not backwards:
        return net.add(made, x, *start, blobs=blobs, name=name)
    turned = range(x.shape[0] - 1, -1, -1)
    y, *ends = net.add(made, select_indices(net, x, 0, turned), *start, blobs=blobs, name=f"{name}_reverse")
    return [select_indices(net, y, 0, turned), *ends]


def _value(net: Builder, state: Any) -> Value:
    return state if isinstance(state, Value) else net.constant(state)


def _with_batch(net: Builder, x: Value) -> Value:
    return reshape_to(net, x, (x.shape[0], 1, x.shape[1]))


def refuse_packed(kind: Any, batch_first: Any) -> Any:
    if not isinstance(batch_first, bool):
        raise Refused(f"{kind} on packed sequences of different lengths", "feed padded sequences of one length")


def run_cell(net: Builder, kind: Any, input: Value, state: Any, weights: Any, **named: Any) -> list[Value]:
    """One step: a sequence of one."""
    x = reshape_to(net, input, (1, *input.shape))
    state = [_value(net, s if isinstance(s, Value) else s[None]) for s in state]
    state = [reshape_to(net, s, (1, *s.shape[-2:])) for s in state]
    blobs = [w for w in weights if w is not None]
    made = Recurrent(kind, blobs[1].shape[1], len(blobs) == 4, **named)
    _, *ends = net.add(made, x, *state, blobs=blobs)
    return [reshape_to(net, e, e.shape[1:]) for e in ends]

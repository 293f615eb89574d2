"""PyTorch's recurrent modules and cells as Recurrent layers: stacked, in both directions, with initial states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ..indexing.cut import crop
from ..indexing.index_select import select_indices
from ..shape.concat import Concat
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .recurrent import Recurrent


def run_layers(
    net: Builder,
    kind: str,
    input: Value,
    state: Sequence[Operand],
    params: Sequence[np.ndarray],
    has_biases: bool,
    num_layers: int,
    bidirectional: bool,
    batch_first: bool | None,
    nonlinearity: str = "tanh",
    reset_after: bool = True,
) -> list[Value]:
    """All layers and directions of an LSTM, GRU or RNN, the `kind`.

    input:   [T, N, D], or [N, T, D] if batch_first, or [T, D] without a batch.
    state:   h0 (and c0 of an LSTM), each [layers * directions, N, H].
    Returns the output, shaped as the input with H * directions numbers per step, and the last states.
    """
    per, directions = 4 if has_biases else 2, 2 if bidirectional else 1
    if len(params) != per * num_layers * directions:
        raise Refused(f"{kind} with projections has no Caffe layer", "use proj_size=0")
    batched = len(input.shape) == 3
    x = input if batched else _with_batch(net, input)
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    states = [_value(net, s if batched else _with_batch(net, s)) for s in state]
    last_states = []
    for index in range(num_layers):
        outputs = []
        for direction in range(directions):
            cell = index * directions + direction
            blobs = params[cell * per : (cell + 1) * per]
            initial = [crop(net, s, {0: (cell, cell + 1)}) for s in states]
            recurrent = Recurrent(kind, blobs[1].shape[1], bool(has_biases), nonlinearity, reset_after)
            y, *last = _one(net, recurrent, x, initial, blobs, f"l{index}", backwards=bool(direction))
            outputs.append(y)
            last_states.append(last)
        x = net.add(Concat(2), *outputs, name="directions") if directions == 2 else outputs[0]
    x = permute_to(net, x, (1, 0, 2)) if batch_first and batched else x
    stacked = [
        net.add(Concat(0), *parts, name="last") if len(parts) > 1 else parts[0]
        for parts in zip(*last_states, strict=True)
    ]
    return [x, *stacked] if batched else [reshape_to(net, y, (y.shape[0], y.shape[2])) for y in (x, *stacked)]


def _one(
    net: Builder,
    recurrent: Recurrent,
    x: Value,
    initial: Sequence[Value],
    blobs: Sequence[np.ndarray],
    name: str,
    backwards: bool,
) -> list[Value]:
    """One layer in one direction: its output and last states."""
    if not backwards:
        return net.add(recurrent, x, *initial, blobs=blobs, name=name)
    reversed_steps = range(x.shape[0] - 1, -1, -1)
    x = select_indices(net, x, 0, reversed_steps)
    y, *last = net.add(recurrent, x, *initial, blobs=blobs, name=f"{name}_reverse")
    return [select_indices(net, y, 0, reversed_steps), *last]


def _value(net: Builder, state: Operand) -> Value:
    return state if isinstance(state, Value) else net.constant(state)


def _with_batch(net: Builder, x: Operand) -> Any:
    return reshape_to(net, x, (x.shape[0], 1, x.shape[1]))


def refuse_packed(kind: str, batch_first: bool | None) -> None:
    """Raises Refused for the overload of packed sequences, whose last argument is `bidirectional`."""
    if not isinstance(batch_first, bool):
        raise Refused(f"{kind} on packed sequences of different lengths", "feed padded sequences of one length")


def run_cell(
    net: Builder,
    kind: str,
    input: Value,
    state: Sequence[Operand],
    weights: Sequence[np.ndarray | None],
    nonlinearity: str = "tanh",
) -> list[Value]:
    """One step: a sequence of length 1.

    input: [N, D]. state: h (and c of an LSTM) [N, H]. weights: w_ih, w_hh, b_ih, b_hh. Returns the new h (and c).
    """
    x = reshape_to(net, input, (1, *input.shape))
    states = [_value(net, s if isinstance(s, Value) else s[None]) for s in state]
    states = [reshape_to(net, s, (1, *s.shape[-2:])) for s in states]
    blobs = [w for w in weights if w is not None]
    recurrent = Recurrent(kind, blobs[1].shape[1], len(blobs) == 4, nonlinearity)
    _, *last = net.add(recurrent, x, *states, blobs=blobs)
    return [reshape_to(net, y, y.shape[1:]) for y in last]

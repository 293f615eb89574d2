"""ONNX's LSTM, GRU and RNN, in PyTorch's order of the gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx
from ..indexing.index_select import select_indices
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from .recurrent import GATES
from .stacked import run_layers

# PyTorch's gates i, f, g, o from ONNX's i, o, f, c; r, z, n from z, r, h.
ORDER = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
ACTIVATIONS = {"LSTM": [["sigmoid", "tanh", "tanh"]], "GRU": [["sigmoid", "tanh"]], "RNN": [["tanh"], ["relu"]]}


@from_onnx("LSTM", "GRU", "RNN")
def onnx_recurrent(
    net: Builder,
    X: Value,
    W: Operand,
    R: Operand,
    B: Operand | None = None,
    sequence_lens: Operand | None = None,
    initial_h: Operand | None = None,
    initial_c: Operand | None = None,
    P: Operand | None = None,
    *,
    node: OnnxNode,
    activation_alpha: Sequence[float] = (),
    activation_beta: Sequence[float] = (),
    activations: Sequence[str] = (),
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> list[Any]:
    kind = node.op
    nonlinearity = _nonlinearity(kind, activations)
    if clip is not None or input_forget or P is not None and np.any(constant_input(P, "the peepholes")):
        raise Refused(f"{kind} with clip, input_forget or peepholes", "use those that PyTorch has")
    reset_after = kind != "GRU" or bool(linear_before_reset)
    x = permute_to(net, X, (1, 0, 2)) if layout else X
    steps, batch, _ = x.shape
    if sequence_lens is not None and np.any(constant_input(sequence_lens, "the lengths of sequences") != steps):
        raise Refused(f"{kind} of sequences of different lengths", "use sequences of one length")
    weights, recurrent = constant_input(W, "the weights"), constant_input(R, "the weights")
    directions, hidden = recurrent.shape[0], recurrent.shape[2]
    params = []
    for index in range(directions):
        params += [_reordered(kind, weights[index]), _reordered(kind, recurrent[index])]
        if B is not None:
            rows = GATES[kind] * hidden
            both = constant_input(B, "the bias")[index]
            params += [_reordered(kind, both[:rows]), _reordered(kind, both[rows:])]
    zeros = np.zeros((directions, batch, hidden), np.float32)
    given = [initial_h, initial_c] if kind == "LSTM" else [initial_h]
    states = [zeros if s is None else permute_to(net, s, (1, 0, 2)) if layout else s for s in given]
    backwards = direction == "reverse"
    x = select_indices(net, x, 0, range(steps - 1, -1, -1)) if backwards else x
    bidirectional, biases = directions == 2, B is not None
    y, *last = run_layers(net, kind, x, states, params, biases, 1, bidirectional, False, nonlinearity, reset_after)
    y = select_indices(net, y, 0, range(steps - 1, -1, -1)) if backwards else y
    y = permute_to(net, reshape_to(net, y, (steps, batch, directions, hidden)), (0, 2, 1, 3))
    if layout:
        return [permute_to(net, y, (2, 0, 1, 3)), *(permute_to(net, s, (1, 0, 2)) for s in last)]
    return [y, *last]


def _nonlinearity(kind: str, activations: Sequence[str]) -> str:
    names = [name.lower() for name in activations]
    for wanted in ACTIVATIONS[kind]:
        if not names or names in (wanted, wanted * 2):
            return wanted[-1]
    raise Refused(f"{kind} with the activations {', '.join(activations)}", f"use {', '.join(ACTIVATIONS[kind][0])}")


def _reordered(kind: str, rows: np.ndarray) -> np.ndarray:
    """The rows of ONNX's gates in PyTorch's order."""
    gates = np.split(rows, GATES[kind])
    return np.concatenate([gates[index] for index in ORDER[kind]])

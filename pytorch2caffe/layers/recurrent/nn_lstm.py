"""PyTorch's nn.LSTM and nn.LSTMCell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .stacked import refuse_packed, run_cell, run_layers


@from_torch("torch.lstm", "aten.lstm")
def lstm(
    net: Builder,
    input: Value,
    hx: Sequence[Operand],
    params: Sequence[np.ndarray],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool | None = None,
) -> list[Value]:
    refuse_packed("lstm", batch_first)
    return run_layers(net, "LSTM", input, hx, params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.lstm_cell")
def lstm_cell(
    net: Builder,
    input: Value,
    hx: Sequence[Operand],
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> list[Value]:
    return run_cell(net, "LSTM", input, hx, [w_ih, w_hh, b_ih, b_hh])

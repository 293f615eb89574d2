"""PyTorch's nn.RNN and nn.RNNCell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .stacked import refuse_packed, run_cell, run_layers


@from_torch("torch.rnn_tanh", "aten.rnn_tanh")
def rnn_tanh(
    net: Builder,
    input: Value,
    hx: Operand,
    params: Sequence[np.ndarray],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool | None = None,
) -> list[Value]:
    refuse_packed("rnn", batch_first)
    return run_layers(net, "RNN", input, [hx], params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.rnn_relu", "aten.rnn_relu")
def rnn_relu(
    net: Builder,
    input: Value,
    hx: Operand,
    params: Sequence[np.ndarray],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool | None = None,
) -> list[Value]:
    refuse_packed("rnn", batch_first)
    return run_layers(
        net, "RNN", input, [hx], params, has_biases, num_layers, bidirectional, batch_first, nonlinearity="relu"
    )


@from_torch("torch.rnn_tanh_cell")
def rnn_tanh_cell(
    net: Builder,
    input: Value,
    hx: Operand,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> Value:
    return run_cell(net, "RNN", input, [hx], [w_ih, w_hh, b_ih, b_hh])[0]


@from_torch("torch.rnn_relu_cell")
def rnn_relu_cell(
    net: Builder,
    input: Value,
    hx: Operand,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> Value:
    return run_cell(net, "RNN", input, [hx], [w_ih, w_hh, b_ih, b_hh], nonlinearity="relu")[0]

"""PyTorch's nn.GRU and nn.GRUCell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from .stacked import refuse_packed, run_cell, run_layers


@from_torch("torch.gru", "aten.gru")
def gru(
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
    refuse_packed("gru", batch_first)
    return run_layers(net, "GRU", input, [hx], params, has_biases, num_layers, bidirectional, batch_first)


@from_torch("torch.gru_cell")
def gru_cell(
    net: Builder,
    input: Value,
    hx: Operand,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> Value:
    return run_cell(net, "GRU", input, [hx], [w_ih, w_hh, b_ih, b_hh])[0]

"""torch.nn.functional.embedding and the IR's Embedding."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_ir, from_torch
from ..shape.permute import permute_to
from .embed import Embed


@from_torch("torch.nn.functional.embedding")
def embedding(
    net: Builder,
    input: Value,
    weight: Operand,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Value:
    if not isinstance(weight, np.ndarray):
        raise Refused("embedding with a table that depends on the input", "index it with constant numbers")
    rows, width = weight.shape
    return net.add(Embed(width, rows, False), input, blobs=[weight])


@from_ir("Embedding")
def ir_embedding(net: Builder, node: IrOperator, input: Value) -> Value:
    """Weights: [numbers, width]; in IR of MMdnn's Keras parser the key is embedding_weights."""
    table = node.weight("weights", "embedding_weights", rank=2)
    return node.stored(embedding(net, node.ordered(input), table))


@from_onnx("OneHot")
def onnx_one_hot(net: Builder, indices: Value, depth: np.ndarray, values: np.ndarray, *, axis: int = -1) -> Value:
    """A row of a table for each index."""
    size = int(depth.reshape(()))
    if not 0 < size <= MOST_CLASSES:
        raise Refused(f"OneHot of {size} classes", f"use at most {MOST_CLASSES}")
    off, on = (float(v) for v in values.reshape(-1))
    if not net.bounds.of(indices)[0] >= 0:
        raise Refused("OneHot of indices that may be negative", "use indices of at least 0")
    rows = embedding(net, indices, np.where(np.eye(size, dtype=bool), on, off).astype(np.float32))
    rank = len(rows.shape)
    order = list(range(rank - 1))
    order.insert(axis % rank, rank - 1)
    y: Value = permute_to(net, rows, order)
    return y


MOST_CLASSES = 1 << 12

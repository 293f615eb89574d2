"""torch.nn.functional.embedding and the IR's Embedding."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
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

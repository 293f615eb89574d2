"""torch.nn.functional.scaled_dot_product_attention."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..activation.softmax import Softmax
from ..elementwise.arithmetic import arithmetic
from ..elementwise.where import choose
from ..indexing.index_select import select_indices
from ..shape.transpose import transpose
from .matmul import matrix_product


@from_torch("torch.nn.functional.scaled_dot_product_attention", "torch._C._nn.scaled_dot_product_attention")
def scaled_dot_product_attention(
    net: Builder,
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    """softmax(query key^T * scale + mask) value."""
    if dropout_p:
        raise Refused("attention with dropout at inference is random", "pass dropout_p=0.0 in eval mode")
    if enable_gqa:
        key, value = (_repeated(net, x, query.shape[-3] // x.shape[-3]) for x in (key, value))
    factor = 1 / sqrt(query.shape[-1]) if scale is None else float(scale)
    scores = matrix_product(net, arithmetic(net, "mul", query, factor), transpose(net, key, -2, -1))
    mask, attends = _mask(net, scores.shape, attn_mask, is_causal)
    scores = scores if mask is None else arithmetic(net, "add", scores, mask)
    y = matrix_product(net, net.add(Softmax(len(scores.shape) - 1), scores, name="softmax"), value)
    return y if attends is None else arithmetic(net, "mul", y, attends)


def _repeated(net: Builder, x: Operand, times: int) -> Operand:
    """Each head of the keys or values repeated for `times` heads of the query."""
    if isinstance(x, np.ndarray):
        return np.repeat(x, times, axis=-3)
    return select_indices(net, x, -3, np.repeat(np.arange(x.shape[-3]), times))


def _mask(
    net: Builder, shape: Sequence[int], mask: Operand | None, is_causal: bool
) -> tuple[Operand | None, np.ndarray | None]:
    """The term to add to the scores, and a factor for the result, 0 for each query that attends to no key, or None."""
    if is_causal:
        mask = np.tri(*shape[-2:], dtype=bool)
    if isinstance(mask, Value):
        return (choose(net, mask, 0.0, -np.inf) if mask in net.masks else mask), None
    if mask is None:
        return None, None
    term = (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask).astype(np.float32)
    attends = np.asarray((term > -np.inf).any(-1, keepdims=True))
    return np.where(attends, term, np.float32(0)), None if attends.all() else attends.astype(np.float32)

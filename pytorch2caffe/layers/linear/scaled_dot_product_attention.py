"""Attention."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..activation.softmax import Softmax
from ..elementwise.arithmetic import arithmetic
from ..elementwise.where import choose
from ..shape.transpose import transpose
from .linear_map import select_indices
from .matmul import matrix_product


@from_torch("torch.nn.functional.scaled_dot_product_attention", "torch._C._nn.scaled_dot_product_attention")
def scaled_dot_product_attention(
    net: Builder,
    query: Operand,
    key: Operand,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Value:
    """softmax(query key^T * scale + mask) value."""
    if dropout_p:
        raise Refused("attention with dropout at inference is random", "pass dropout_p=0.0 in eval mode")
    if enable_gqa:
        key, value = (_repeated(net, x, query.shape[-3] // x.shape[-3]) for x in (key, value))
    factor = 1 / sqrt(query.shape[-1]) if scale is None else float(scale)
    scores = matrix_product(net, arithmetic(net, "mul", query, factor), transpose(net, key, -2, -1))
    mask, sees = _mask(net, scores.shape, attn_mask, is_causal)
    scores = scores if mask is None else arithmetic(net, "add", scores, mask)
    y = matrix_product(net, net.add(Softmax(len(scores.shape) - 1), scores, name="softmax"), value)
    return y if sees is None else arithmetic(net, "mul", y, sees)


def _repeated(net: Builder, x: Value, times: Any) -> Value:
    """Each head for `times` queries."""
    return select_indices(net, x, -3, np.repeat(np.arange(x.shape[-3]), times))


def _mask(net: Builder, shape: Sequence[int], mask: Any, is_causal: Any) -> Any:
    """What to add to the scores, and, if some query sees no key at all, 0 for each such: PyTorch gives 0 for it."""
    if is_causal:
        mask = np.tri(*shape[-2:], dtype=bool)
    if isinstance(mask, Value):
        return (choose(net, mask, 0.0, -np.inf) if mask in net.masks else mask), None
    if mask is None:
        return None, None
    added = (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask).astype(np.float32)
    sees = (added > -np.inf).any(-1, keepdims=True)
    return np.where(sees, added, np.float32(0)), None if sees.all() else sees.astype(np.float32)

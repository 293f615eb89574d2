"""torch.nn.functional.scaled_dot_product_attention."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.onnx_rules import OnnxNode, from_onnx
from ...graph.registry import from_torch
from ..activation.softmax import Softmax
from ..elementwise.arithmetic import arithmetic
from ..elementwise.where import choose
from ..indexing.index_select import select_indices
from ..reduction.max import amax
from ..shape.reshape import reshape_to
from ..shape.transpose import transpose
from .matmul import matrix_product

LOW = -1e30  # of what is masked: exp of it is 0, and a row of it is not NaN


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


@from_onnx("Attention")
def onnx_attention(
    net: Builder,
    Q: Operand,
    K: Operand,
    V: Operand,
    attn_mask: Operand | None = None,
    *others: Operand | None,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    q_num_heads: int = 0,
    scale: float | None = None,
    softmax_precision: int = 1,
    node: OnnxNode,
    **forms: Any,
) -> Any:
    """Attention without a cache of keys: of [N, heads, L, E], or of [N, L, heads * E], of which Y has the form too."""
    both = is_causal and attn_mask is not None
    if others or any(forms.values()) or node.outputs > 1 or both or any(isinstance(x, np.ndarray) for x in (Q, K, V)):
        return NotImplemented
    flat = len(Q.shape) == 3
    heads = (q_num_heads, kv_num_heads, kv_num_heads) if flat else (0, 0, 0)
    q, k, v = (_heads(net, x, count) if count else x for x, count in zip((Q, K, V), heads, strict=True))
    grouped = q.shape[1] != k.shape[1]
    y = scaled_dot_product_attention(
        net, q, k, v, attn_mask, is_causal=bool(is_causal), scale=scale, enable_gqa=grouped
    )
    if not flat:
        return y
    y = transpose(net, y, 1, 2)
    return reshape_to(net, y, (*y.shape[:2], y.shape[2] * y.shape[3]))


def _heads(net: Builder, x: Operand, heads: int) -> Any:
    """[N, L, heads * E] as [N, heads, L, E]."""
    count, length, size = x.shape
    return transpose(net, reshape_to(net, x, (count, length, heads, size // heads)), 1, 2)


def _repeated(net: Builder, x: Operand, times: int) -> Operand:
    """Each head of the keys or values repeated for `times` heads of the query."""
    if isinstance(x, np.ndarray):
        return np.repeat(x, times, axis=-3)
    return select_indices(net, x, -3, np.repeat(np.arange(x.shape[-3]), times))


def _mask(
    net: Builder, shape: Sequence[int], mask: Operand | None, is_causal: bool
) -> tuple[Operand | None, Operand | None]:
    """The term to add to the scores, and a factor for the result, 0 for each query that attends to no key, or None."""
    if is_causal:
        mask = np.tri(*shape[-2:], dtype=bool)
    if isinstance(mask, Value):
        return (choose(net, mask, 0.0, LOW), amax(net, mask, -1, keepdim=True)) if mask in net.masks else (mask, None)
    if mask is None:
        return None, None
    term = (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask).astype(np.float32)
    attends = np.asarray((term > -np.inf).any(-1, keepdims=True))
    return np.where(attends, term, np.float32(0)), None if attends.all() else attends.astype(np.float32)

"""Matrix products, of two traced tensors or with a constant, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..activation.softmax import Softmax
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..elementwise.where import choose
from ..pooling.pooling import Pooling
from ..reduction.reduce import reduce
from ..shape.expand import Tile, expand_to
from ..shape.permute import permute_to, transpose
from ..shape.reshape import reshape_to
from .inner_product import InnerProduct
from .linear_map import linear_map, select_indices

MOST_PRODUCTS = 1 << 28  # a blob of 1 GiB


@layer("MatMul")
class MatMul(Layer):
    """[..., M, K] times [..., K, N], the leading axes equal."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.matmul({0}, {1})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """As one batch of products, which ncnn knows."""
        (*lead, m, k), n = shapes[0], shapes[1][-1]
        batch = (prod(lead),) if prod(lead) > 1 else ()
        return Ncnn("MatMul", {}, (), ((*batch, m, k), (*batch, k, n)), ((*batch, m, n),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Every product M x K x N, then the sum over K: correct, and large."""
        a, b = inputs
        (*lead, m, k), n = a.shape, b.shape[-1]
        batch = prod(lead)
        if batch * m * k * n > MOST_PRODUCTS:
            raise Refused(
                f"a product of two computed tensors, {list(a.shape)} by {list(b.shape)}: plain Caffe layers need a "
                f"blob of {batch * m * k * n:,} numbers, more than {MOST_PRODUCTS:,}",
                "use a smaller input",
            )
        rows = net.add(Tile(1, m), reshape_to(net, b, (batch, 1, k, n), "right"), name="rows") if m > 1 else None
        rows = reshape_to(net, b, (batch, 1, k, n), "right") if rows is None else rows
        products = net.add(Scale(0), rows, reshape_to(net, a, (batch, m, k), "left"), name="products")
        mean = net.add(Pooling("AVE", k, 1), products, name="mean")
        return reshape_to(net, net.add(Power(scale=float(k)), mean, name="sum"), (*lead, m, n), "product")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        a, b = (net.graph_order(x) for x in inputs)
        shape = net.graph_shape((*a.ir_shape[:-1], b.ir_shape[-1]))
        return net.ir_order(net.op("MatMul", a, b, shape=shape))


def matrix_product(net: Builder, a: Value, b: Value) -> Any:
    """torch.matmul of values and constants of any rank."""
    rank_a, rank_b = len(a.shape), len(b.shape)
    if rank_a == 1:
        y = matrix_product(net, reshape_to(net, a, (1, *a.shape)), b)
        return reshape_to(net, y, (*y.shape[:-2], y.shape[-1]) if rank_b > 1 else (1,))
    if rank_b == 1:
        y = matrix_product(net, a, reshape_to(net, b, (*b.shape, 1)))
        return reshape_to(net, y, y.shape[:-1])
    if isinstance(a, Value) and not isinstance(b, Value) and rank_b == 2:
        return net.add(InnerProduct(b.shape[1], False, rank_a - 1), a, blobs=[np.ascontiguousarray(b.T)])
    if isinstance(b, Value) and not isinstance(a, Value) and rank_a == 2:
        return linear_map(net, b, -2, a)
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (a, b))
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (expand_to(net, x, (*lead, *x.shape[-2:])) for x in (a, b))
    if a.shape[-1] == 1:
        return arithmetic(net, "mul", a, b)
    return net.add(MatMul(), a, b)


@from_torch(
    "torch.matmul",
    "torch.Tensor.matmul",
    "torch.Tensor.__matmul__",
    "torch.bmm",
    "torch.Tensor.bmm",
    "torch.mm",
    "torch.Tensor.mm",
    "torch.linalg.matmul",
    "torch.dot",
    "torch.Tensor.dot",
    "torch.mv",
    "torch.Tensor.mv",
    "torch.spmm",
)
def matmul(net: Builder, input: Value, other: Operand) -> Any:
    y = matrix_product(net, input, other)
    return reshape_to(net, y, ()) if len(input.shape) == len(other.shape) == 1 else y


@from_torch("torch.Tensor.__rmatmul__")
def rmatmul(net: Builder, input: Value, other: Operand) -> Any:
    return matmul(net, other, input)


@from_torch(
    "torch.addmm", "torch.Tensor.addmm", "torch.baddbmm", "torch.Tensor.baddbmm", "torch.addmv", "torch.Tensor.addmv"
)
def addmm(net: Builder, input: Value, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Any:
    return _added(net, input, matrix_product(net, mat1, mat2), beta, alpha)


@from_torch("torch.addbmm", "torch.Tensor.addbmm")
def addbmm(net: Builder, input: Value, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Any:
    """The products of a batch, summed up."""
    return _added(net, input, reduce(net, "sum", matrix_product(net, batch1, batch2), 0, False), beta, alpha)


def _added(net: Builder, input: Value, product: Any, beta: Any, alpha: Any) -> Any:
    product = product if alpha == 1 else arithmetic(net, "mul", product, alpha)
    if isinstance(input, Value):
        return arithmetic(net, "add", product, input if beta == 1 else arithmetic(net, "mul", input, beta))
    return arithmetic(net, "add", product, input * beta)


@from_torch("torch.nn.functional.linear", "torch._C._nn.linear")
def linear(net: Builder, input: Value, weight: Operand, bias: Operand | None = None) -> Any:
    """One InnerProduct; of weights that are computed a matrix product, and what is added is added."""
    if isinstance(weight, Value) or not isinstance(input, Value):
        turned = permute_to(net, weight, range(len(weight.shape))[::-1])
        y = matrix_product(net, input, turned)
        return y if bias is None else arithmetic(net, "add", y, bias)
    added = bias if isinstance(bias, Value) or len(weight.shape) == 1 else None
    blobs = [np.atleast_2d(weight)] if bias is None or added is not None else [weight, bias]
    x = reshape_to(net, input, (1, *input.shape)) if len(input.shape) == 1 else input
    y = net.add(InnerProduct(len(blobs[0]), len(blobs) > 1, len(x.shape) - 1), x, blobs=blobs)
    y = reshape_to(net, y, y.shape[1:]) if x is not input else y
    y = reshape_to(net, y, y.shape[:-1]) if len(weight.shape) == 1 else y
    return y if added is None else arithmetic(net, "add", y, added)


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
) -> Any:
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


def _repeated(net: Builder, x: Value, times: Any) -> Any:
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


@from_ir("FullyConnected", "MatMul")
def ir_fully_connected(net: Builder, node: IrOperator, input: Value, other: Operand | None = None) -> Any:
    """x @ W + b along the last axis. W: [in, out]. A MatMul of two computed tensors has no weights."""
    if other is not None:
        return node.stored(matrix_product(net, *_turned(net, node, node.ordered(input), node.ordered(other))))
    weight = node.weight("weights", rank=2)
    x = node.ordered(input)
    if len(x.shape) > 2 and weight.shape[0] == prod(x.shape[1:]) != x.shape[-1]:
        x = node.reshaped(input, (x.shape[0], weight.shape[0]))
    bias = node.weight("bias", rank=1) if node.has("bias") else None
    return node.stored(linear(net, x, weight.T, bias))


def _turned(net: Builder, node: IrOperator, a: Value, b: Value) -> Any:
    """The factors of a MatMul, transposed where its attributes say so; both in the IR's layout."""
    pairs = (a, ("transpose_a", "adj_x")), (b, ("transpose_b", "adj_y"))
    return [transpose(net, x, -2, -1) if any(node.flag(key, False) for key in keys) else x for x, keys in pairs]

"""torch.matmul and its relatives: products of two traced tensors, or of one and a constant."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.lowering import Lowering
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import Layer, Source, from_torch, layer
from ..convolution.convolution import Convolution
from ..elementwise.arithmetic import arithmetic
from ..elementwise.scale import Scale
from ..shape.expand import expand_to
from ..shape.reshape import reshape_to
from ..shape.tile import Tile
from .inner_product import InnerProduct
from .linear_map import linear_map

MOST_PRODUCTS = 1 << 28  # a blob of 1 GiB


@layer("MatMul")
class MatMul(Layer):
    """[..., M, K] times [..., K, N], the leading axes equal."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.matmul({0}, {1})")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """With the leading axes as one batch axis, as ncnn requires."""
        (*lead, m, k), n = shapes[0], shapes[1][-1]
        batch = (prod(lead),) if prod(lead) > 1 else ()
        return Ncnn("MatMul", {}, (), ((*batch, m, k), (*batch, k, n)), ((*batch, m, n),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """All M x K x N products, then their sums over K: exact, but the blob is large."""
        a, b = inputs
        (*lead, m, k), n = a.shape, b.shape[-1]
        batch = prod(lead)
        refuse_large(a.shape, b.shape, batch * m * k * n)
        rows = reshape_to(net, b, (batch, 1, k, n), "right")
        rows = net.add(Tile(1, m), rows, name="rows") if m > 1 else rows
        products = net.add(Scale(0), rows, reshape_to(net, a, (batch, m, k), "left"), name="products")
        return reshape_to(net, sum_of_rows(net, products), (*lead, m, n), "product")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        a, b = (net.graph_order(x) for x in inputs)
        shape = net.graph_shape((*a.ir_shape[:-1], b.ir_shape[-1]))
        return net.ir_order(net.op("MatMul", a, b, shape=shape))


def refuse_large(left: Shape, right: Shape, products: int) -> None:
    """Raises Refused where the products of two tensors, each number by each, are too many for one blob."""
    if products > MOST_PRODUCTS:
        raise Refused(
            f"a product of two computed tensors, {list(left)} by {list(right)}: plain Caffe layers need a "
            f"blob of {products:,} numbers, more than {MOST_PRODUCTS:,}",
            "use a smaller input",
        )


def sum_of_rows(net: Builder, x: Value) -> Value:
    """The sum over the third axis of [N, C, H, W], which stays with size 1: a depthwise convolution of ones."""
    channels, rows = x.shape[1:3]
    summing = Convolution(channels, (rows, 1), group=channels, bias_term=False)
    return net.add(summing, x, blobs=[np.ones((channels, 1, rows, 1), np.float32)], name="sum") if rows > 1 else x


def matrix_product(net: Builder, a: Operand, b: Operand) -> Value:
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


@from_onnx_alike("MatMul")
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
def matmul(net: Builder, input: Operand, other: Operand) -> Value:
    y = matrix_product(net, input, other)
    return reshape_to(net, y, ()) if len(input.shape) == len(other.shape) == 1 else y


@from_torch("torch.Tensor.__rmatmul__")
def rmatmul(net: Builder, input: Value, other: Operand) -> Value:
    return matmul(net, other, input)

"""torch.nn.functional.linear and the IR's FullyConnected."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_ir, from_torch
from ..elementwise.arithmetic import arithmetic
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to
from ..shape.transpose import transpose
from .inner_product import InnerProduct
from .matmul import matrix_product


@from_torch("torch.nn.functional.linear", "torch._C._nn.linear")
def linear(net: Builder, input: Operand, weight: Operand, bias: Operand | None = None) -> Value:
    """One InnerProduct; for a weight or bias that is computed, a matrix product or an addition."""
    if isinstance(weight, Value) or not isinstance(input, Value):
        y = matrix_product(net, input, permute_to(net, weight, range(len(weight.shape))[::-1]))
        return y if bias is None else arithmetic(net, "add", y, bias)
    blobs, addend = [np.atleast_2d(weight)], bias
    if isinstance(bias, np.ndarray) and weight.ndim == 2:
        blobs, addend = [weight, bias], None
    x = reshape_to(net, input, (1, *input.shape)) if len(input.shape) == 1 else input
    y = net.add(InnerProduct(len(blobs[0]), len(blobs) > 1, len(x.shape) - 1), x, blobs=blobs)
    y = reshape_to(net, y, y.shape[1:]) if x is not input else y
    y = reshape_to(net, y, y.shape[:-1]) if len(weight.shape) == 1 else y
    return y if addend is None else arithmetic(net, "add", y, addend)


@from_ir("FullyConnected", "MatMul")
def ir_fully_connected(net: Builder, node: IrOperator, input: Value, other: Operand | None = None) -> Value:
    """x @ W + b along the last axis. W: [in, out]. A MatMul of two computed tensors has no weights."""
    if other is not None:
        return node.stored(matrix_product(net, *_factors(net, node, node.ordered(input), node.ordered(other))))
    weight = node.weight("weights", rank=2)
    x = node.ordered(input)
    if len(x.shape) > 2 and weight.shape[0] == prod(x.shape[1:]) != x.shape[-1]:
        x = node.reshaped(input, (x.shape[0], weight.shape[0]))
    bias = node.weight("bias", rank=1) if node.has("bias") else None
    return node.stored(linear(net, x, weight.T, bias))


def _factors(net: Builder, node: IrOperator, a: Value, b: Value) -> list[Value]:
    """The factors of a MatMul, transposed where its attributes are set; both in the IR's layout."""
    pairs = (a, ("transpose_a", "adj_x")), (b, ("transpose_b", "adj_y"))
    return [transpose(net, x, -2, -1) if any(node.flag(key, False) for key in keys) else x for x, keys in pairs]


@from_onnx("Gemm")
def onnx_gemm(
    net: Builder,
    A: Operand,
    B: Operand,
    C: Operand | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    broadcast: int = 1,
) -> Value:
    """alpha * A' B' + beta * C; the factors become part of the weights."""
    a = permute_to(net, A, (1, 0)) if transA else A
    weight = B if transB else permute_to(net, B, (1, 0))
    if alpha != 1:
        weight = arithmetic(net, "mul", weight, alpha)
    addend = C if C is None or beta == 1 else arithmetic(net, "mul", C, beta)
    if isinstance(addend, np.ndarray) and isinstance(weight, np.ndarray):
        size = len(weight)
        if addend.size in (1, size) and (addend.size == 1 or addend.shape[-1] == size):
            return linear(net, a, weight, np.ascontiguousarray(np.broadcast_to(addend.reshape(-1), (size,))))
    y = linear(net, a, weight)
    return y if addend is None else arithmetic(net, "add", y, addend)


@from_onnx("com.microsoft.FusedMatMul")
def onnx_fused_mat_mul(
    net: Builder,
    A: Operand,
    B: Operand,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    transBatchA: int = 0,
    transBatchB: int = 0,
) -> Value:
    if transBatchA or transBatchB:
        raise Refused("FusedMatMul with transposed batches", "use the model before onnxruntime optimised it")
    a = transpose(net, A, -2, -1) if transA else A
    b = transpose(net, B, -2, -1) if transB else B
    y = matrix_product(net, a, b)
    return y if alpha == 1 else arithmetic(net, "mul", y, alpha)

"""Matrix products added to a tensor: addmm, addmv, baddbmm, addbmm."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..reduction.reduce import reduce
from .matmul import matrix_product


@from_torch(
    "torch.addmm", "torch.Tensor.addmm", "torch.baddbmm", "torch.Tensor.baddbmm", "torch.addmv", "torch.Tensor.addmv"
)
def addmm(net: Builder, input: Operand, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Value:
    return _added(net, input, matrix_product(net, mat1, mat2), beta, alpha)


@from_torch("torch.addbmm", "torch.Tensor.addbmm")
def addbmm(
    net: Builder, input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1
) -> Value:
    """The products of a batch, summed up."""
    return _added(net, input, reduce(net, "sum", matrix_product(net, batch1, batch2), 0, False), beta, alpha)


def _added(net: Builder, input: Operand, product: Value, beta: float, alpha: float) -> Value:
    product = product if alpha == 1 else arithmetic(net, "mul", product, alpha)
    if isinstance(input, Value):
        return arithmetic(net, "add", product, input if beta == 1 else arithmetic(net, "mul", input, beta))
    return arithmetic(net, "add", product, input * beta)

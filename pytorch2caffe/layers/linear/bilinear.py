"""torch.nn.functional.bilinear: a bilinear form of two tensors per output."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...graph.registry import from_torch
from ..elementwise.arithmetic import arithmetic
from ..reduction.reduce import reduce
from ..shape.reshape import reshape_to
from .linear_map import linear_map


@from_torch("torch.nn.functional.bilinear", "torch.bilinear")
def bilinear(net: Builder, input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None) -> Value:
    """y[k] = a^T W[k] b + bias[k]: all W[k] a at once, times b, summed up. weight: [out, in1, in2]."""
    if isinstance(weight, Value) or isinstance(bias, Value):
        raise Refused("bilinear with weights that depend on the input", "use weights that are parameters")
    a, b = (x if isinstance(x, Value) else net.constant(x) for x in (input1, input2))
    out, _, size = weight.shape
    matrix = weight.transpose(0, 2, 1).reshape(out * size, -1)
    rows = reshape_to(net, linear_map(net, a, -1, matrix, name="rows"), (*a.shape[:-1], out, size), "each")
    products = arithmetic(net, "mul", rows, reshape_to(net, b, (*b.shape[:-1], 1, size), "other"))
    y = reduce(net, "sum", products, -1, False)
    return y if bias is None else arithmetic(net, "add", y, bias)

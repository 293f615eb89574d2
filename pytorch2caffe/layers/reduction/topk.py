"""The k largest elements and their indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx
from ...graph.registry import from_ir, from_torch
from ..elementwise.power import Power
from ..shape.reshape import reshape_to
from .arg_max import ArgMax


@from_torch("torch.topk", "torch.Tensor.topk")
def topk(net: Builder, input: Value, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> list[Value]:
    if not input.shape:
        return [reshape_to(net, y, ()) for y in topk(net, reshape_to(net, input, (1,), "flat"), k, 0, largest)]
    axis = dim % len(input.shape)
    x = input if largest else net.add(Power(scale=-1.0), input, name="minus")
    values = net.add(ArgMax(axis, int(k), True), x, name="values")
    indices = net.add(ArgMax(axis, int(k), False), x)
    return [values if largest else net.add(Power(scale=-1.0), values, name="smallest"), indices]


@from_ir("TopK")
def ir_top_k(net: Builder, node: IrOperator, input: Value) -> list[Value]:
    """The k largest elements along the last axis and their indices; an operator that MMdnn does not have."""
    return topk(net, input, node.integer("k"), node.axis(input, -1))


@from_onnx("TopK")
def onnx_top_k(
    net: Builder,
    X: Value,
    K: Any = None,
    *,
    node: OnnxNode,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,
    k: int = 0,
) -> list[Value]:
    """k is an attribute before opset 10. Caffe orders equal numbers otherwise than ONNX; floats are seldom equal."""
    if node.integers():
        raise Refused("TopK of integers: of equal ones Caffe gives another position first", "cast to float first")
    count = k if K is None else int(np.reshape(constant_input(K, "the k of TopK"), ()))
    return topk(net, X, count, axis, bool(largest))

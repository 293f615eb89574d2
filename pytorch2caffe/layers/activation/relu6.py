"""ReLU6, and the IR's Relu and Relu6, whose maximum is a setting."""

from __future__ import annotations

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .clip import Clip, clip
from .relu import ReLU


@from_torch("torch.nn.functional.relu6")
def relu6(net: Builder, input: Value, inplace: bool = False) -> Value:
    return net.add(Clip(0.0, 6.0), input)


@from_ir("Relu")
def ir_relu(net: Builder, node: IrOperator, input: Value) -> Value:
    """Keras' Relu may have a max_value."""
    if "max_value" not in node:
        return net.add(ReLU(), input)
    return clip(net, input, 0.0, node.number("max_value"))


@from_ir("Relu6")
def ir_relu6(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(Clip(0.0, 6.0), input)

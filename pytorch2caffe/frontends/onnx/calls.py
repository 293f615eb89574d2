"""Calls of the functions that are registered for operators, and the Builder that they add layers to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Graph, Shape, Value
from ...graph.onnx_rules import OnnxNode
from ...graph.registry import Layer
from ...runtime.infer import infer
from .tensors import MOST_NUMBERS, Tensor
from .unsupported import FIX


class Net(Builder):
    """A Builder that knows the names of its nodes before they were made unique."""

    def __init__(self, graph: Graph, infer: Any) -> None:
        super().__init__(graph, infer)
        self.wanted: dict[str, str] = {}

    def name_of(self, layer: Layer, name: str) -> str:
        """As in Builder."""
        self.last = super().name_of(layer, name)
        return self.last

    def append(self, layer: Layer, inputs: Any, shapes: Any, blobs: Any, name: str = "") -> Any:
        """As in Builder."""
        result = super().append(layer, inputs, shapes, blobs, name)
        self.wanted[self.graph.nodes[-1].name] = self.last
        return result


def call(
    rule: Callable[..., Any],
    net: Builder | None,
    node: OnnxNode,
    inputs: Sequence[Any],
    attributes: Mapping[str, Any],
) -> Any:
    """Calls a function that has ONNX's parameters. Raises Refused for inputs or attributes that it does not have."""
    given = {key: value.operand if isinstance(value, Tensor) else value for key, value in attributes.items()}
    if "node" in _parameters(rule):
        given["node"] = node
    leading = () if net is None else (net,)
    try:
        bound = _signature(rule).bind(*leading, *inputs, **given)
    except TypeError as error:
        raise Refused(f"{node.op} is used in a form that is not supported: {error}", FIX) from error
    return rule(*bound.args, **bound.kwargs)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


@cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(_signature(function).parameters)


def computed(
    rule: Callable[..., Any], node: OnnxNode, arrays: Sequence[np.ndarray | None], attributes: Mapping[str, Any]
) -> list[np.ndarray]:
    """What an operator gives for constants, computed by the layers that it becomes."""
    from ...runtime.run import run  # imports torch, which reading most files does not need

    net = Builder(Graph(), bounded_infer)
    inputs: list[Any] = list(arrays)
    fed: dict[str, np.ndarray] = {}
    array = arrays[0] if arrays else None
    if array is None or not array.size or array.dtype.kind not in "fb":
        raise Refused(f"{node.op} of constants", "compute it in the file: simplify the model before")
    inputs[0] = net.input("constant", array.shape)
    fed["constant"] = array.astype(np.float32)
    if array.dtype.kind == "b":
        net.masks = {inputs[0]}
    result = call(rule, net, node, inputs, attributes)
    results = list(result) if isinstance(result, (list, tuple)) else [result]
    found = {top: value for (_, top), value in run(net.graph, fed).items()} | fed
    return [found[value.name] if isinstance(value, Value) else np.asarray(value) for value in results]


def bounded_infer(layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[Shape]:
    """As `infer`; raises Refused for tensors that are too large."""
    found = infer(layer, shapes, blobs)
    for shape in found:
        if prod(shape) > MOST_NUMBERS:
            raise Refused(f"a tensor of shape {list(shape)}", f"use at most {MOST_NUMBERS:,} numbers")
    return found

"""A graph as a module with one child per layer, which torch.onnx can tell apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import nn

from ...errors import Problem, Refused, UnsupportedError
from ...graph.graph import Graph, Node
from ...graph.registry import Source
from ...runtime.build import as_function, build, to_tensor
from ...runtime.source import source_of


def child_name(index: int) -> str:
    """The name of the child that computes the layer at this position."""
    return f"layer{index}"


class Network(nn.Module):
    """Computes a graph: inputs and outputs in its order.

    Raises UnsupportedError listing every layer that PyTorch cannot express.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        problems: list[Problem] = []
        for index, node in enumerate(graph.nodes):
            try:
                self.add_module(child_name(index), _layer(source_of(node)))
            except Refused as error:
                problems.append(Problem(node.where, error.what, error.fix))
        if problems:
            raise UnsupportedError(problems, "written as ONNX")

    def forward(self, *inputs: torch.Tensor) -> Any:
        values = dict(zip(self.graph.inputs, inputs, strict=True))
        for node, layer in zip(self.graph.nodes, self.children(), strict=True):
            values.update(zip(node.outputs, _results(layer, node, values), strict=True))
        return tuple(values[value] for value in self.graph.outputs.values())


class Expression(nn.Module):
    """A layer whose source is an expression. Its weights are buffers."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        if source.module:
            self.module = build(dataclasses.replace(source, expr="", define=""))
        else:
            for name, array in source.state.items():
                self.register_buffer(name, to_tensor(array))

    def forward(self, *inputs: torch.Tensor) -> Any:
        names = ["module"] if self.source.module else list(self.source.state)
        return as_function(self.source, {name: getattr(self, name) for name in names})(*inputs)


def _layer(source: Source) -> nn.Module:
    if source.module and not source.expr:
        module = build(source)
        assert isinstance(module, nn.Module)
        return module
    return Expression(source)


def _results(layer: nn.Module, node: Node, values: dict[Any, torch.Tensor]) -> list[torch.Tensor]:
    result = layer(*(values[value] for value in node.inputs))
    return list(result) if isinstance(result, (tuple, list)) else [result]

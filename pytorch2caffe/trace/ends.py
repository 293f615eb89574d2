"""The names of a network's inputs and outputs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from ..graph import Graph, Names, Value
from .structure import named_leaves, tensors_in


def input_names(model: Any, items: Sequence[Any]) -> list[str]:
    """A name for each argument: "data" for the only tensor, else the names of the model's parameters."""
    leaves = [leaf for item in items for _, leaf in named_leaves(item)]
    if sum(1 for _ in tensors_in(leaves)) == 1 and len(leaves) == len(items):
        return ["data"] * len(items)
    try:
        function = model.forward if isinstance(model, nn.Module) else model
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [plain[i] if i < len(plain) else f"data{i}" for i in range(len(items))]


def free_key(taken: Mapping[str, Any], wanted: str) -> str:
    """`wanted`, or with the first number behind it that is not taken."""
    key, count = wanted, 0
    while key in taken:
        count += 1
        key = f"{wanted}_{count}"
    return key


def rename(graph: Graph, names: Names, value: Value, wanted: str) -> None:
    """Gives a value the name that the model gives an output; another value inside that has it gets a new one."""
    if value.name == wanted:
        return
    fixed = {id(v) for v in (*graph.inputs, *graph.outputs.values())} - {id(value)}
    for node in graph.nodes:
        for other in node.outputs:
            if other.name == wanted and id(other) not in fixed:
                other.name = names.unique(wanted)
                value.name = wanted
                return
    value.name = names.unique(wanted)

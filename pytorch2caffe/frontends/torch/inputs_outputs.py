"""A network's inputs and outputs: bound to the model's arguments and to what it returned, and named after them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ...errors import ConversionError, Problem
from ...graph.builder import Builder
from ...graph.graph import Graph, Names, Value
from .source_location import clean_name
from .structure import mapped, named_leaves, tensors_in
from .values import Values


def take_inputs(call: Any, inputs: Any, net: Builder, values: Values) -> tuple[list[Any], dict[str, Any]]:
    """Float32 CPU copies of the inputs, bound to the network's inputs; as the model's arguments."""
    if not any(True for _, leaf in named_leaves(inputs) if isinstance(leaf, torch.Tensor)):
        raise ConversionError("there is no tensor among the inputs")

    def take(name: str, item: Any) -> Any:
        return _input(name, item, net, values) if isinstance(item, torch.Tensor) else item

    if isinstance(inputs, Mapping):
        return [], {key: mapped(take, str(key), item) for key, item in inputs.items()}
    items = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    return [mapped(take, name, item) for name, item in zip(input_names(call, items), items, strict=True)], {}


def _input(name: str, tensor: torch.Tensor, net: Builder, values: Values) -> torch.Tensor:
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
        raise ConversionError(f"the input {name} is {tensor.dtype}, {tensor.layout}: Caffe takes plain numbers")
    if not tensor.numel():
        raise ConversionError(f"the input {name}, {list(tensor.shape)}, holds no numbers: Caffe has no such blob")
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    copy = tensor.detach().to("cpu", dtype, copy=True)
    values.bind(copy, net.input(clean_name(name), tuple(copy.shape)))
    return copy


def give_outputs(result: Any, net: Builder, values: Values, problems: list[Problem]) -> None:
    """Names the network's outputs after what the model returned; what no trace gave is added to `problems`.

    Raises ConversionError if `result` holds no tensor.
    """
    plain = (int, float, str, torch.Size, type(None))  # settings and shapes, not computed from the input
    found = [(name, leaf) for name, leaf in named_leaves(result) if not isinstance(leaf, plain)]
    if not found:
        raise ConversionError(f"the model returned no tensor but {type(result).__name__}: nothing to convert")
    outputs, made = net.graph.outputs, set(net.graph.producers())
    for name, tensor in found:
        value = _output(tensor, f"the output {name}" if name else "the output", values, problems)
        if value is None:
            continue
        key = free_key(outputs, name or value.name)
        outputs[key] = value
        if name and value in made:  # a name that the model gives is the blob's name
            rename(net.graph, net.names, value, clean_name(key))
            made.discard(value)


def _output(tensor: Any, place: str, values: Values, problems: list[Problem]) -> Value | None:
    fix = "leave it out of what the model returns"
    if not isinstance(tensor, torch.Tensor):
        what = f"is a {type(tensor).__name__}, not a tensor, tuple, list, dict, named tuple or dataclass of them"
        problems.append(Problem(place, what, fix))
        return None
    value = values.value_of(tensor, place)
    if value is None and not problems:
        problems.append(Problem(place, "does not depend on the input", fix))
    return value


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

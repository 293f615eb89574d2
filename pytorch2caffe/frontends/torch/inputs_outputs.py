"""A network's inputs and outputs: bound to the model's arguments and results, and named after them."""

from __future__ import annotations

import enum
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import ConversionError, ConversionWarning, Problem
from ...graph.builder import Builder
from ...graph.graph import Graph, Names, Value
from .casts import declare
from .source_location import clean_name
from .structure import mapped, named_leaves, tensors_in
from .values import Values


def bind_inputs(call: Any, inputs: Any, net: Builder, values: Values) -> tuple[list[Any], dict[str, Any]]:
    """The model's positional and keyword arguments: copies of the inputs, floats in `values.dtype`, on the CPU; bound.

    Raises ConversionError for inputs that a Caffe network cannot have.
    """
    if not any(True for _, leaf in named_leaves(inputs) if isinstance(leaf, torch.Tensor)):
        raise ConversionError("there is no tensor among the inputs: pass at least one")

    def bind(name: str, item: Any) -> Any:
        return _bind_input(name, item, net, values) if isinstance(item, torch.Tensor) else item

    return arguments(call, inputs, bind)


def arguments(
    call: Any, inputs: Any, convert: Callable[[str, Any], Any] = lambda _, item: copied(item)
) -> tuple[list[Any], dict[str, Any]]:
    """The model's positional and keyword arguments, each leaf converted; by default float32 CPU copies of tensors."""
    if isinstance(inputs, Mapping):
        return [], {key: mapped(convert, str(key), item) for key, item in inputs.items()}
    items = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    return [mapped(convert, name, item) for name, item in zip(input_names(call, items), items, strict=True)], {}


def copied(item: Any, dtype: torch.dtype = torch.float32) -> Any:
    """A copy of a tensor on the CPU, in `dtype` if it is of a float type; anything else unchanged."""
    if not isinstance(item, torch.Tensor):
        return item
    return item.detach().to("cpu", dtype if item.is_floating_point() else item.dtype, copy=True)


def _bind_input(name: str, tensor: torch.Tensor, net: Builder, values: Values) -> torch.Tensor:
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
        raise ConversionError(
            f"the input {name} is {tensor.dtype}, {tensor.layout}: pass a dense tensor of real numbers"
        )
    if not tensor.numel():
        raise ConversionError(f"the input {name}, {list(tensor.shape)}, has no elements: pass a larger tensor")
    copy = copied(tensor, values.dtype)
    value = net.input(clean_name(name), tuple(copy.shape))
    values.bind(copy, value)
    declare(net.bounds, value, copy.dtype, is_input=True)
    return copy


class OutputWarning(ConversionWarning):
    """The model returns tensors that do not depend on its input: the network does not output them."""


def name_outputs(result: Any, net: Builder, values: Values, problems: list[Problem]) -> list[str]:
    """Names the network's outputs after what the model returned; adds what was not traced to `problems`.

    Returns the names of the tensors and arrays that do not depend on the input; it is a problem if there are no others.
    Settings, such as numbers and types, are left out. Raises ConversionError if `result` has no tensor.
    """
    returned = [(name, leaf) for name, leaf in named_leaves(result) if not _is_setting(leaf)]
    if not returned:
        raise ConversionError(f"the model returned no tensor but {type(result).__name__}: return a tensor")
    constants: list[str] = []
    outputs, unnamed = net.graph.outputs, set(net.graph.producers())
    for index, (name, leaf) in enumerate(returned, 1):
        value = _output_value(leaf, f"the output {name}" if name else "the output", values, problems)
        if value is None:
            constants.append(name or f"output {index} of {len(returned)}")
            continue
        key = free_key(outputs, name or value.name)
        outputs[key] = value
        if name and value in unnamed:  # the name that the model gives becomes the name of the blob
            rename(net.graph, net.names, value, clean_name(key))
            unnamed.discard(value)
    if not outputs and not problems:
        where = f"the output {constants[0]}" if returned[0][0] else "the output"
        problems.append(Problem(where, "does not depend on the input", "return a tensor that is computed from it"))
    return constants


def warn_of_constants(names: Sequence[str]) -> None:
    """Gives an OutputWarning for outputs of a model that do not depend on its input."""
    if names:
        them = "they are" if len(names) > 1 else "it is"
        depend = "do not depend" if len(names) > 1 else "does not depend"
        what = f"{', '.join(names)} {depend} on the input: {them} left out of the network's outputs"
        warnings.warn(
            f"{what}\n  fix: store constants beside the network, or do not return them", OutputWarning, stacklevel=2
        )


def _is_setting(leaf: Any) -> bool:
    """Whether an entry of what a model returned is a number, a name, a type or a shape: not computed from the input."""
    kinds = (
        int,
        float,
        complex,
        str,
        bytes,
        range,
        slice,
        torch.Size,
        torch.dtype,
        torch.device,
        torch.layout,
        enum.Enum,
    )
    return leaf is None or isinstance(leaf, (*kinds, type, np.generic)) or inspect.isroutine(leaf)


def _output_value(leaf: Any, where: str, values: Values, problems: list[Problem]) -> Value | None:
    """The value of an output; None for a constant, and for anything else, after adding a problem."""
    if isinstance(leaf, torch.Tensor):
        return values.value_of(leaf, where)
    if not isinstance(leaf, np.ndarray):
        what = f"is a {type(leaf).__name__}, not a tensor, tuple, list, dict, named tuple or dataclass of them"
        problems.append(Problem(where, what, "return its tensors in a tuple or a dict"))
    return None


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
    """`wanted`, with the first number appended that makes it unique if it is taken."""
    key, count = wanted, 0
    while key in taken:
        count += 1
        key = f"{wanted}_{count}"
    return key


def rename(graph: Graph, names: Names, value: Value, wanted: str) -> None:
    """Gives a value the name of an output; a value inside the network that has this name gets a new one."""
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

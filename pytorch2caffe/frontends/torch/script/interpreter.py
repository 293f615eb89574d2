"""Executes a TorchScript graph node by node, each operator through torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ....errors import Problem, UnsupportedError
from .operators import CONTAINERS, NUMBERS, as_torch_type, in_python

# A file of torch itself, on the machine where the program was made.
_OF_TORCH = re.compile(r"[/\\]torch[/\\](nn[/\\]|functional\.py|jit[/\\]|_)")
_UNKNOWN = "UNKNOWN_INSTANCE"  # a function, in the list of modules that a node was inlined from
PASS_THE_MODULE = "pass the program as torch.jit.script or trace made it, or the nn.Module that it was made from"


class ScriptLocation(NamedTuple):
    """module: the path of the module that a node belongs to. kind: its class. line: "net.py:12", or ""."""

    module: str
    kind: str
    line: str


def run_graph(graph: Any, arguments: list[Any]) -> Any:
    """What an inlined graph returns for its arguments; the first of a method is the module."""
    names = [value.debugName() for value in graph.inputs()]
    values = _run_block(graph, dict(zip(names, arguments, strict=True)))
    return values[0] if len(values) == 1 else tuple(values)


def nodes_of(block: Any) -> Iterator[Any]:
    """Every node of a graph, those of nested blocks included."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes_of(inner)


def location_of(node: Any) -> ScriptLocation:
    """Where a node originates from, by what the program keeps of its source."""
    parts = re.findall(r"([^.()]+)\(([^()]*)\)", node.getModuleHierarchy())
    parts = [(name, kind) for name, kind in parts if name not in (_UNKNOWN, "SELF")]
    return ScriptLocation(".".join(n for n, _ in parts), parts[-1][1] if parts else "", _line(str(node.sourceRange())))


@lru_cache(maxsize=4096)
def _line(source: str) -> str:
    for named, line, called, at in re.findall(r'File "([^"\n]+)", line (\d+)|^(\S[^\n]*?)\((\d+)\): ', source, re.M):
        path = named or called
        if not path.startswith("code/") and not _OF_TORCH.search(path):
            return f"{Path(path).name}:{line or at}"
    return ""


def _run_block(block: Any, values: dict[str, Any]) -> list[Any]:
    for node in block.nodes():
        results = _run_node(node, values)
        for output, result in zip(node.outputs(), results, strict=True):
            values[output.debugName()] = result
    return [values[value.debugName()] for value in block.outputs()]


def _run_node(node: Any, values: dict[str, Any]) -> list[Any]:
    """The results of a node. The frame of this function tells the tracer which node calls."""
    kind = node.kind()
    inputs = [values[value.debugName()] for value in node.inputs()]
    if kind == "prim::If":
        first, second = node.blocks()
        return _run_block(first if inputs[0] else second, values)
    if kind == "prim::Loop":
        return _loop(node, inputs, values)
    if kind in _STRUCTURE:
        return _STRUCTURE[kind](node, inputs)
    if kind in CONTAINERS and in_python(inputs):
        return _as_results(node, CONTAINERS[kind](*inputs))
    if kind in NUMBERS:
        return _as_results(node, NUMBERS[kind](*inputs))
    return _call(node, inputs)


RUN_NODE = _run_node.__code__


def _loop(node: Any, inputs: list[Any], values: dict[str, Any]) -> list[Any]:
    limit, condition, *carried = inputs
    (body,) = node.blocks()
    names = [value.debugName() for value in body.inputs()]
    count = 0
    while condition and count < limit:
        values.update(zip(names, [count, *carried], strict=True))
        condition, *carried = _run_block(body, values)
        count += 1
    return carried


def _call(node: Any, inputs: list[Any]) -> list[Any]:
    """Calls the operator of torch that a node names, as an exported program calls it."""
    namespace, _, name = node.kind().partition("::")
    if node.schema() == "(no schema)" or namespace == "prim":
        _refuse(node, f"{node.kind()} has no counterpart in Python")
    schema = _schema(node.schema())
    packet = getattr(getattr(torch.ops, namespace), name)
    function = getattr(packet, schema.overload_name or "default")
    args, kwargs = _bound(schema, inputs)
    return _as_results(node, function(*args, **kwargs))


@lru_cache(maxsize=1024)
def _schema(text: str) -> Any:
    return torch._C.parse_schema(text)


def _bound(schema: Any, inputs: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments, without those at the end that have their default."""
    given = [
        (argument, as_torch_type(str(argument.real_type), item))
        for argument, item in zip(schema.arguments, inputs, strict=True)
    ]
    kwargs = {a.name: item for a, item in given if a.kwarg_only and not _is_default(a, item)}
    positional = [(a, item) for a, item in given if not a.kwarg_only]
    while positional and _is_default(*positional[-1]):
        positional.pop()
    return [item for _, item in positional], kwargs


def _is_default(argument: Any, item: Any) -> bool:
    if isinstance(item, torch.Tensor) or not argument.has_default_value():
        return False
    return bool(type(item) is type(argument.default_value) and item == argument.default_value)


def _as_results(node: Any, result: Any) -> list[Any]:
    count = node.outputsSize()
    if count == 1:
        return [list(result) if isinstance(result, torch.Size) else result]
    return list(result) if count else []


def _refuse(node: Any, what: str) -> None:
    at = location_of(node)
    where = f"{at.module or 'the program'} ({at.line})" if at.line else at.module or "the program"
    raise UnsupportedError([Problem(where, what, PASS_THE_MODULE)], "traced")


def _raise(node: Any, inputs: list[Any]) -> list[Any]:
    raise RuntimeError(inputs[0])


def _get_attribute(node: Any, inputs: list[Any]) -> list[Any]:
    owner, name = inputs[0], node.s("name")
    if hasattr(owner, "attribute"):
        return [owner.attribute(name)]
    _refuse(node, f"{node.kind()} reads {name} of an object that is no module")
    return []


def _set_attribute(node: Any, inputs: list[Any]) -> list[Any]:
    setattr(inputs[0], node.s("name"), inputs[1])
    return []


def _dict(node: Any, inputs: list[Any]) -> list[Any]:
    return [dict(zip(inputs[::2], inputs[1::2], strict=True))]


_STRUCTURE: dict[str, Any] = {
    "prim::Constant": lambda node, _: [node.output().toIValue()],
    "prim::ListConstruct": lambda _, inputs: [list(inputs)],
    "prim::TupleConstruct": lambda _, inputs: [tuple(inputs)],
    "prim::DictConstruct": _dict,
    "prim::ListUnpack": lambda _, inputs: list(inputs[0]),
    "prim::TupleUnpack": lambda _, inputs: list(inputs[0]),
    "prim::GetAttr": _get_attribute,
    "prim::SetAttr": _set_attribute,
    "prim::RaiseException": _raise,
    "prim::Uninitialized": lambda node, _: [None] * node.outputsSize(),
    "prim::Print": lambda *_: [],
    "aten::warn": lambda *_: [],
}

"""Generates the source of an nn.Module and its state_dict from a Graph, and loads them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import Problem, Refused, UnsupportedError
from ...graph.graph import Graph, Names, Node
from ...graph.registry import Source
from ...passes.drop_unused import drop_unused
from ...passes.runner import transformed
from ...runtime.build import NAMESPACE, batch_counters, to_tensor
from ...runtime.source import arity, source_of
from .in_place import in_place
from .line_wrap import MAX_COLUMNS, wrap_statement
from .names import Variables, class_name, identifier
from .passes import PASSES


def generate(graph: Graph) -> tuple[str, dict[str, torch.Tensor]]:
    """Generates PyTorch source from a graph.

    Returns the source of a file that defines one nn.Module, and its state_dict (float32, in the memory of the graph's
    weights where it is writable). The module's `forward` has the graph's inputs as parameters, in order, and returns
    its output, or a tuple of them. The file imports only torch, deletes tensors that are not needed any more, and is
    formatted as by `ruff format --line-length 120`.
    Raises UnsupportedError with every layer that has no PyTorch form.
    """
    graph = transformed(graph, PASSES)
    sources = in_place(graph, _without_unread(graph, _sources(graph)))
    defined = "\n\n\n".join(dict.fromkeys(source.define.strip() for _, source in sources if source.define))
    variables = Variables(graph, re.findall(r"^def (\w+)", defined, re.MULTILINE))
    arguments = [variables.names[value] for value in graph.inputs]
    members = _ModuleMembers()
    forward: list[str] = []
    for node, source in sources:
        member = members.add(node, source)
        inputs, dead = variables.read(node)
        outputs, released = variables.write(node, dead)
        forward += wrap_statement(f"{', '.join(outputs)} = {_call(source, member, inputs)}", 8)
        if released and node is not graph.nodes[-1]:
            forward.append(f"        del {', '.join(dict.fromkeys(released))}")
    forward += wrap_statement(f"return {', '.join(variables.names[value] for value in graph.outputs.values())}", 8)
    body = [f"class {class_name(graph.name)}(nn.Module):", *_docstring(graph, arguments), ""]
    if members.lines:
        body += ["    def __init__(self):", "        super().__init__()"]
        body += [text for line in members.lines for text in wrap_statement(line, 8)] + [""]
    body += [*wrap_statement(f"def forward({', '.join(['self', *arguments])}):", 4), *forward]
    text = "\n".join(body)
    parts = [_imports(f"{defined}\n{text}"), *([defined] if defined else []), text]
    return "\n\n\n".join(parts) + "\n", members.state


def _sources(graph: Graph) -> list[tuple[Node, Source]]:
    sources: list[tuple[Node, Source]] = []
    problems: list[Problem] = []
    for node in graph.nodes:
        try:
            sources.append((node, source_of(node)))
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
    if problems:
        raise UnsupportedError(problems, "written as PyTorch")
    return sources


def _without_unread(graph: Graph, sources: list[tuple[Node, Source]]) -> list[tuple[Node, Source]]:
    """Removes layers whose values are read only by sources that need no values: priors depend on shapes alone."""
    for node, source in sources:
        if arity(source) is None:
            node.inputs = []
    drop_unused(graph)
    kept = set(graph.nodes)
    return [(node, source) for node, source in sources if node in kept]


def _call(source: Source, member: str, inputs: list[str]) -> str:
    if not source.expr:
        return f"self.{member}({', '.join(inputs)})"
    names = {"module": f"self.{member}"} if source.module else {key: f"self.{member}_{key}" for key in source.state}
    return source.expr.format(*inputs, **names)


def _imports(text: str) -> str:
    lines = ["import torch"] if re.search(r"\btorch\.", text) else []
    lines += ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
    return "\n".join([*lines, "from torch import nn"])


def _docstring(graph: Graph, arguments: list[str]) -> list[str]:
    """The docstring of the class: inputs and outputs with shapes, and the known order, range and mean of inputs."""
    inputs = ", ".join(f"{n} {list(v.shape)}" for n, v in zip(arguments, graph.inputs, strict=True))
    outputs = ", ".join(f"{identifier(name, ())} {list(value.shape)}" for name, value in graph.outputs.items())
    about = [f"{n}: {v.about}" for n, v in zip(arguments, graph.inputs, strict=True) if v.about]
    paragraphs = [
        textwrap.wrap(text, MAX_COLUMNS - 10, break_long_words=True, break_on_hyphens=False)
        for text in (f"Takes {inputs}; returns {outputs}.", *about)
    ]
    lines = [line for index, lines in enumerate(paragraphs) for line in ([""] if index == 1 else []) + lines]
    if len(lines) == 1:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {line}" if line else "" for line in lines[1:]), '    """']


class _ModuleMembers:
    """Collects the members of the module: the lines of its `__init__`, and its state_dict."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.state: dict[str, torch.Tensor] = {}
        self._names = Names()
        self._attributes: set[str] = set()
        self._member_of_layer: dict[Any, str] = {}  # by settings and weights, so that a reused layer is one member
        self._parameter_at: dict[Any, str] = {}  # by memory location, so that tied weights stay tied

    def add(self, node: Node, source: Source) -> str:
        """The name of the member for a layer; a layer with the same settings and weights shares it."""
        key = (source.module, source.expr, tuple(map(id, node.blobs))) if node.blobs else id(node)
        if key not in self._member_of_layer:
            self._member_of_layer[key] = self._add(node, source)
        return self._member_of_layer[key]

    def _add(self, node: Node, source: Source) -> str:
        name = self._name(node.name, [] if source.module else list(source.state))
        if source.module:
            self.lines.append(f"self.{name} = {source.module}")
            with torch.device("meta"):
                module = eval(source.module, dict(NAMESPACE))
            parameters = {key for key, _ in module.named_parameters()}
            for key, array in source.state.items():
                self._tensor(f"{name}.{key}", array, key in parameters)
            self.state.update({f"{name}.{key}": tensor for key, tensor in batch_counters(module, "cpu").items()})
            return name
        for key, array in source.state.items():
            attribute = f"{name}_{key}"
            empty = f"torch.empty({_size_arguments(array)})"
            registration = f'self.register_buffer("{attribute}", {empty})'
            self.lines.append(registration if source.fixed else f"self.{attribute} = nn.Parameter({empty})")
            self._tensor(attribute, array, not source.fixed)
        return name

    def _name(self, wanted: str, keys: list[str]) -> str:
        """An unused name such that `name_key` is unused for each of the keys."""
        wanted = identifier(wanted)
        while True:
            name = self._names.unique(wanted)
            attributes = {name, *(f"{name}_{key}" for key in keys)}
            if not attributes & self._attributes:
                self._attributes |= attributes
                return name

    def _tensor(self, name: str, array: np.ndarray, parameter: bool) -> None:
        """Adds a weight. If it is the memory of another parameter, the two are tied."""
        location = (array.__array_interface__["data"][0], array.shape, array.strides)
        if parameter and location in self._parameter_at:
            first = self._parameter_at[location]
            self.lines.append(f"self.{name} = self.{first}")
            self.state[name] = self.state[first]
            return
        if parameter:
            self._parameter_at[location] = name
        self.state[name] = to_tensor(array)


def _size_arguments(array: np.ndarray) -> str:
    return ", ".join(map(str, array.shape)) or "()"


def to_torch(graph: Graph) -> nn.Module:
    """The graph as an nn.Module in eval mode on the CPU, with its weights, loaded from the source of `generate`."""
    source, state = generate(graph)
    return load(source, state)


def load(source: str, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """Executes source from `generate`. Returns its nn.Module with the weights of `state`, in eval mode.

    It can be copied and pickled (`torch.save`): its source is pickled with it, for no module can be imported as
    `generated`. Where it is read back, this package is needed.
    """
    *_, last = _classes(source).values()
    with torch.device("meta"):
        module: nn.Module = last()
    _assign(module, _with_shared_parameters(state))
    return module.eval()


@lru_cache(maxsize=64)
def _classes(source: str) -> dict[str, type[nn.Module]]:
    """The classes of generated source, in order; copies of a module are of the same class."""
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "<generated>", "exec"), namespace)
    found = [item for item in namespace.values() if isinstance(item, type) and item.__module__ == "generated"]

    def reduced(self: nn.Module) -> tuple[Any, ...]:
        return _unpickled, (source, type(self).__name__), self.__dict__

    for item in found:
        item.__reduce__ = reduced  # type: ignore[method-assign, assignment]
    return {item.__name__: item for item in found}


def _unpickled(source: str, name: str) -> nn.Module:
    """A module of generated source, of which pickle sets the state afterwards."""
    created = _classes(source)[name]
    return created.__new__(created)


def _assign(module: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """As `load_state_dict(state, assign=True)`, whose time grows with the square of the number of modules."""
    if names := module.state_dict().keys() ^ state.keys():
        raise KeyError(", ".join(sorted(names)))
    modules = dict(module.named_modules())
    for name, tensor in state.items():
        owner, _, key = name.rpartition(".")
        old = getattr(modules[owner], key)
        if isinstance(old, nn.Parameter):
            made = tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor, old.requires_grad)
            setattr(modules[owner], key, made.requires_grad_(old.requires_grad))
        else:
            setattr(modules[owner], key, tensor)


def _with_shared_parameters(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state with one Parameter for each tensor that has more than one name, so that it stays shared when loaded."""
    names: dict[int, list[str]] = {}
    for name, tensor in state.items():
        names.setdefault(id(tensor), []).append(name)
    shared = {name: nn.Parameter(state[same[0]]) for same in names.values() if len(same) > 1 for name in same[:1]}
    return {name: shared.get(names[id(tensor)][0], tensor) for name, tensor in state.items()}

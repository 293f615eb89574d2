"""A graph as the source of one nn.Module and its state_dict."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import Problem, Refused, UnsupportedError
from ...graph.graph import Graph, Names, Node
from ...graph.registry import Source
from ...passes.basic import drop_unused
from ...runtime.build import NAMESPACE, arity, counters, source_of, tensor_of
from .line_wrap import COLUMNS, lay_out
from .names import Variables, class_name, identifier
from .prepare import prepare
from .simplify import in_place


def generate(graph: Graph) -> tuple[str, dict[str, torch.Tensor]]:
    """A graph as PyTorch.

    Returns the source of a file that defines one nn.Module, and the state_dict that goes with it (float32, the same
    memory as the graph's weights where it is writable). The module's `forward` takes the graph's inputs in order and
    returns its output, or the tuple of them. The file needs nothing but torch, imports what it uses, keeps no tensor
    that is not needed any more, and is as `ruff format --line-length 120` leaves it.
    Raises UnsupportedError naming every layer that has no PyTorch form.
    """
    graph = prepare(graph)
    sources = in_place(graph, _without_unread(graph, _sources(graph)))
    defined = "\n\n\n".join(dict.fromkeys(source.define.strip() for _, source in sources if source.define))
    variables = Variables(graph, re.findall(r"^def (\w+)", defined, re.MULTILINE))
    arguments = [variables.names[value] for value in graph.inputs]
    members = _Members()
    forward: list[str] = []
    for node, source in sources:
        member = members.add(node, source)
        inputs, spent = variables.read(node)
        outputs, done = variables.write(node, spent)
        forward += lay_out(f"{', '.join(outputs)} = {_call(source, member, inputs)}", 8)
        if done and node is not graph.nodes[-1]:
            forward.append(f"        del {', '.join(dict.fromkeys(done))}")
    forward += lay_out(f"return {', '.join(variables.names[value] for value in graph.outputs.values())}", 8)
    body = [f"class {class_name(graph.name)}(nn.Module):", *_docstring(graph, arguments), ""]
    if members.lines:
        body += ["    def __init__(self):", "        super().__init__()"]
        body += [text for line in members.lines for text in lay_out(line, 8)] + [""]
    body += [*lay_out(f"def forward({', '.join(['self', *arguments])}):", 4), *forward]
    text = "\n".join(body)
    parts = [_imports(f"{defined}\n{text}"), *([defined] if defined else []), text]
    return "\n\n\n".join(parts) + "\n", members.state


def _sources(graph: Graph) -> list[tuple[Node, Source]]:
    found: list[tuple[Node, Source]] = []
    problems: list[Problem] = []
    for node in graph.nodes:
        try:
            found.append((node, source_of(node)))
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
    if problems:
        raise UnsupportedError(problems, "written as PyTorch")
    return found


def _without_unread(graph: Graph, sources: list[tuple[Node, Source]]) -> list[tuple[Node, Source]]:
    """Without what only such layers read as print none of their inputs: priors, which depend on shapes alone."""
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
    """What goes in and comes out, with shapes; and of each input what its file tells: order, range, mean."""
    taken = ", ".join(f"{n} {list(v.shape)}" for n, v in zip(arguments, graph.inputs, strict=True))
    given = ", ".join(f"{identifier(name, ())} {list(value.shape)}" for name, value in graph.outputs.items())
    about = [f"{n}: {v.about}" for n, v in zip(arguments, graph.inputs, strict=True) if v.about]
    paragraphs = [
        textwrap.wrap(text, COLUMNS - 10, break_long_words=True, break_on_hyphens=False)
        for text in (f"Takes {taken}; returns {given}.", *about)
    ]
    lines = [line for index, lines in enumerate(paragraphs) for line in ([""] if index == 1 else []) + lines]
    if len(lines) == 1:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {line}" if line else "" for line in lines[1:]), '    """']


class _Members:
    """What the module is made of: the lines of its `__init__`, and its state_dict."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.state: dict[str, torch.Tensor] = {}
        self._names = Names()
        self._attributes: set[str] = set()
        self._same: dict[Any, str] = {}  # layers that are one and the same, by settings and weights
        self._places: dict[Any, str] = {}  # weights, by where they lie in memory

    def add(self, node: Node, source: Source) -> str:
        """The name of the layer's member; the one there is where it is the same layer with the same weights."""
        key = (source.module, source.expr, tuple(map(id, node.blobs))) if node.blobs else id(node)
        if key not in self._same:
            self._same[key] = self._add(node, source)
        return self._same[key]

    def _add(self, node: Node, source: Source) -> str:
        name = self._name(node.name, [] if source.module else list(source.state))
        if source.module:
            self.lines.append(f"self.{name} = {source.module}")
            with torch.device("meta"):
                module = eval(source.module, dict(NAMESPACE))
            parameters = {key for key, _ in module.named_parameters()}
            for key, array in source.state.items():
                self._tensor(f"{name}.{key}", array, key in parameters)
            self.state.update({f"{name}.{key}": tensor for key, tensor in counters(module, "cpu").items()})
            return name
        for key, array in source.state.items():
            attribute = f"{name}_{key}"
            empty = f"torch.empty({_size(array)})"
            made = f'self.register_buffer("{attribute}", {empty})'
            self.lines.append(made if source.fixed else f"self.{attribute} = nn.Parameter({empty})")
            self._tensor(attribute, array, not source.fixed)
        return name

    def _name(self, wanted: str, keys: list[str]) -> str:
        """A name that is free, and with it `name_key` for each of the keys."""
        wanted = identifier(wanted)
        while True:
            name = self._names.unique(wanted)
            attributes = {name, *(f"{name}_{key}" for key in keys)}
            if not attributes & self._attributes:
                self._attributes |= attributes
                return name

    def _tensor(self, name: str, array: np.ndarray, parameter: bool) -> None:
        """Takes in a weight; one that is there already under another name is tied to it."""
        place = (array.__array_interface__["data"][0], array.shape, array.strides)
        if parameter and place in self._places:
            first = self._places[place]
            self.lines.append(f"self.{name} = self.{first}")
            self.state[name] = self.state[first]
            return
        if parameter:
            self._places[place] = name
        self.state[name] = tensor_of(array)


def _size(array: np.ndarray) -> str:
    return ", ".join(map(str, array.shape)) or "()"


def to_torch(graph: Graph) -> nn.Module:
    """The graph as a module in eval mode, on the CPU, with its weights: it runs the source that `generate` returns."""
    source, state = generate(graph)
    return load(source, state)


def load(source: str, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """Runs source made by `generate`: the one nn.Module that it defines, with the weights of `state`, in eval mode."""
    space: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "<generated>", "exec"), space)
    classes = [item for item in space.values() if isinstance(item, type) and item.__module__ == "generated"]
    with torch.device("meta"):
        module = classes[-1]()
    module.load_state_dict(_tied(state), assign=True)
    return module.eval()


def _tied(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors under several names as one Parameter each, so that they stay one when they are assigned."""
    names: dict[int, list[str]] = {}
    for name, tensor in state.items():
        names.setdefault(id(tensor), []).append(name)
    shared = {name: nn.Parameter(state[same[0]]) for same in names.values() if len(same) > 1 for name in same[:1]}
    return {name: shared.get(names[id(tensor)][0], tensor) for name, tensor in state.items()}

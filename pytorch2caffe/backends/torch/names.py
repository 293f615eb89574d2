"""Names in generated source: the class, its members and the variables of `forward`, all valid and unique."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from torch import nn

from ...graph.graph import Graph, Names, Node, Value
from ...runtime.build import NAMESPACE

MAX_LENGTH = 60  # characters; names in files have no limit
RESERVED = {*keyword.kwlist, *keyword.softkwlist, *NAMESPACE, "self", "__class__"}
ATTRIBUTES = {*RESERVED, *dir(nn.Module()), "forward"}
VARIABLES = {*RESERVED, *(name for name in dir(builtins) if name != "input")}


def class_name(name: str) -> str:
    """A graph's name as the name of a Python class.

    >>> class_name("resnet-50"), class_name("19 layers"), class_name("x): import os")
    ('Resnet50', 'Net19Layers', 'XImportOs')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    camel = "".join(word[0].upper() + word[1:] for word in words)[:MAX_LENGTH] or "Net"
    return f"Net{camel}" if camel[0].isdigit() or camel in VARIABLES else camel


def identifier(name: str, taken: Iterable[str] = ATTRIBUTES) -> str:
    """A layer's name, with any characters, as a Python identifier in ASCII. `taken` names get a prefix.

    >>> identifier("res2a/branch1.0"), identifier("1x1"), identifier("forward"), identifier("')")
    ('res2a_branch1_0', 'layer_1x1', 'layer_forward', 'layer')
    """
    clean = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:MAX_LENGTH].rstrip("_") or "layer"
    return f"layer_{clean}" if clean[0].isdigit() or clean in taken else clean


class Variables:
    """Names the local variables of `forward` and finds when they are dead, so that tensors are freed early.

    A single input is `x`; more than one keep their names, which are not reused (the caller holds these tensors anyway).
    All other variables are `x`, `x_1` ..., which are reused.
    """

    def __init__(self, graph: Graph, taken: Iterable[str] = ()) -> None:
        self.names: dict[Value, str] = {}
        self._uses = {value: len(nodes) for value, nodes in graph.consumers().items()}
        for value in graph.outputs.values():
            self._uses[value] = self._uses.get(value, 0) + 1
        self._free: list[str] = []
        self._unique = Names([*VARIABLES, *taken])
        self._input_names: set[str] = set()
        for value in graph.inputs:
            self.names[value] = self._new_name() if len(graph.inputs) == 1 else self._input_name(value)

    def _input_name(self, value: Value) -> str:
        name = self._unique.unique(identifier(value.name, VARIABLES))
        self._input_names.add(name)
        return name

    def _new_name(self) -> str:
        return self._unique.unique("x")

    def read(self, node: Node) -> tuple[list[str], list[str]]:
        """The variables that a node reads, and those among them that are dead after it."""
        names = [self.names[value] for value in node.inputs]
        dead = []
        for value in node.inputs:
            self._uses[value] -= 1
            if not self._uses[value]:
                dead.append(self.names[value])
        return names, dead

    def write(self, node: Node, dead: list[str]) -> tuple[list[str], list[str]]:
        """The variables that a node writes, reusing dead ones first, and the variables to delete after it."""
        free = sorted((name for name in dead if name not in self._input_names), key=_by_number)
        for value in node.outputs:
            self.names[value] = self._next(free)
        unread = [self.names[value] for value in node.outputs if not self._uses.get(value)]
        released = [*free, *unread]
        self._free = sorted([*self._free, *released], key=_by_number)
        return [self.names[value] for value in node.outputs], released

    def _next(self, dead: list[str]) -> str:
        if dead:
            return dead.pop(0)
        return self._free.pop(0) if self._free else self._new_name()


def _by_number(name: str) -> tuple[int, str]:
    return len(name), name

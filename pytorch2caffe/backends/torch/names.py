"""Names in generated source: whatever a file calls its layers becomes plain identifiers, each of its own."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from torch import nn

from ...graph.graph import Graph, Names, Node, Value
from ...runtime.build import NAMESPACE

LONGEST = 60  # a name in a file may have any length
KEYWORDS = {*keyword.kwlist, *keyword.softkwlist, *NAMESPACE, "self", "__class__"}
ATTRIBUTES = {*KEYWORDS, *dir(nn.Module()), "forward"}
VARIABLES = {*KEYWORDS, *(name for name in dir(builtins) if name != "input")}


def class_name(name: str) -> str:
    """A graph's name as the name of a Python class.

    >>> class_name("resnet-50"), class_name("19 layers"), class_name("x): import os")
    ('Resnet50', 'Net19Layers', 'XImportOs')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    camel = "".join(word[0].upper() + word[1:] for word in words)[:LONGEST] or "Net"
    return f"Net{camel}" if camel[0].isdigit() or camel in VARIABLES else camel


def identifier(name: str, taken: Iterable[str] = ATTRIBUTES) -> str:
    """A layer's name, whatever is in it, as a Python identifier in ASCII.

    >>> identifier("res2a/branch1.0"), identifier("1x1"), identifier("forward"), identifier("')")
    ('res2a_branch1_0', 'layer_1x1', 'layer_forward', 'layer')
    """
    clean = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:LONGEST].rstrip("_") or "layer"
    return f"layer_{clean}" if clean[0].isdigit() or clean in taken else clean


class Variables:
    """Names the local variables of `forward`, and says when one is spent, so that nothing is kept alive.

    The only input is `x`, several have their own names, which stay theirs (who calls holds them anyway); everything
    else is `x`, `x_1` ... again and again.
    """

    def __init__(self, graph: Graph, taken: Iterable[str] = ()) -> None:
        self.names: dict[Value, str] = {}
        self._uses = {value: len(nodes) for value, nodes in graph.consumers().items()}
        for value in graph.outputs.values():
            self._uses[value] = self._uses.get(value, 0) + 1
        self._free: list[str] = []
        self._unique = Names([*VARIABLES, *taken])
        self._own: set[str] = set()
        for value in graph.inputs:
            self.names[value] = self._fresh() if len(graph.inputs) == 1 else self._input(value)

    def _input(self, value: Value) -> str:
        name = self._unique.unique(identifier(value.name, VARIABLES))
        self._own.add(name)
        return name

    def _fresh(self) -> str:
        return self._unique.unique("x")

    def read(self, node: Node) -> tuple[list[str], list[str]]:
        """The variables a node reads, and those that nobody reads after it."""
        names = [self.names[value] for value in node.inputs]
        spent = []
        for value in node.inputs:
            self._uses[value] -= 1
            if not self._uses[value]:
                spent.append(self.names[value])
        return names, spent

    def write(self, node: Node, spent: list[str]) -> tuple[list[str], list[str]]:
        """The variables a node writes, spent ones first, and those of the spent ones that are to be deleted."""
        free = sorted((name for name in spent if name not in self._own), key=_by_number)
        for value in node.outputs:
            self.names[value] = self._next(free)
        unread = [self.names[value] for value in node.outputs if not self._uses.get(value)]
        done = [*free, *unread]
        self._free = sorted([*self._free, *done], key=_by_number)
        return [self.names[value] for value in node.outputs], done

    def _next(self, spent: list[str]) -> str:
        if spent:
            return spent.pop(0)
        return self._free.pop(0) if self._free else self._fresh()


def _by_number(name: str) -> tuple[int, str]:
    return len(name), name

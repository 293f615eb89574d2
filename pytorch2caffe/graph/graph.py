"""A network as plain data: nodes in execution order, every value written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .registry import Layer

Shape = tuple[int, ...]
Infer = Callable[["Layer", Sequence[Shape], Sequence[np.ndarray]], "list[Shape]"]


@dataclass(eq=False)
class Value:
    """A tensor that flows through the network: a name unique in its graph (Caffe's blob name) and a shape.

    top:   its name in the file that it was read from; layers that work in place give several values one name.
    about: for an input, what its file tells about the expected numbers: "BGR, 0 to 255 ..."; plain ASCII.
    """

    name: str
    shape: Shape
    top: str = ""
    about: str = ""

    def __repr__(self) -> str:
        return f"{self.name}{list(self.shape)}"


Operand = Value | np.ndarray  # a tensor in a call: traced, or a constant


@dataclass(eq=False)
class Node:
    """A layer of a network, with its inputs, outputs and weights.

    blobs:  its weights in Caffe's order and layout, float32. The same array object in two nodes is a shared weight.
    module: the path of the nn.Module it came from, "" when it came from a file.
    line:   where the model calls it, "resnet.py:92", or "".
    """

    name: str
    layer: Layer
    inputs: list[Value]
    outputs: list[Value]
    blobs: tuple[np.ndarray, ...] = ()
    module: str = ""
    line: str = ""

    @property
    def where(self) -> str:
        """The source location to show to a user: `layer1.0.conv1 (resnet.py:92)`."""
        name = self.module or self.name
        return f"{name} ({self.line})" if self.line else name


@dataclass(eq=False)
class Graph:
    """A network. `outputs` maps the name a caller knows (a dict key, or the value's own name) to the value.

    renamed:     layers and values whose names the target does not accept: {name now: name before}.
    caffemodels: the files that its weights were written to, once it is written.
    """

    name: str = "net"
    inputs: list[Value] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    caffemodels: list[Path] = field(default_factory=list)

    def copy(self) -> Graph:
        """The same network with nodes of its own, for passes to change; values and weights are shared."""
        nodes = [Node(n.name, n.layer, list(n.inputs), list(n.outputs), n.blobs, n.module, n.line) for n in self.nodes]
        return Graph(self.name, list(self.inputs), dict(self.outputs), nodes, dict(self.renamed))

    def consumers(self) -> dict[Value, list[Node]]:
        """Which nodes read each value; a node that reads it twice is listed twice."""
        found: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in node.inputs:
                found.setdefault(value, []).append(node)
        return found

    def producers(self) -> dict[Value, Node]:
        """Which node writes each value; the graph's inputs have none."""
        return {value: node for node in self.nodes for value in node.outputs}


class Names:
    """Makes names unique: `relu`, `relu_1`, `relu_2`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = dict.fromkeys(taken, 0)

    def unique(self, wanted: str) -> str:
        """`wanted` itself if it is free, else with the first free number after it."""
        if wanted not in self._taken:
            self._taken[wanted] = 0
            return wanted
        while True:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
            if name not in self._taken:
                self._taken[name] = 0
                return name

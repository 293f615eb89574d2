"""A network as plain data: nodes in execution order, every value written once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidGraphError

if TYPE_CHECKING:
    from .registry import Layer

Shape = tuple[int, ...]
Infer = Callable[["Layer", Sequence[Shape], Sequence[np.ndarray]], "list[Shape]"]


@dataclass(eq=False)
class Value:
    """A tensor that flows through the network: a name unique in its graph (Caffe's blob name) and a shape.

    top:   its name in the file that it was read from; layers that work in place give several values one name.
    about: for an input, what its file tells about the expected numbers: "BGR, 0 to 255 ..."; plain ASCII.
    fixed: the axes of which a layer that reads it is right for this size only.
    int8_range: the largest magnitude that int8 represents of it, in the quantized model that it was read from, or 0.
    """

    name: str
    shape: Shape
    top: str = ""
    about: str = ""
    fixed: frozenset[int] = frozenset()
    int8_range: float = 0.0

    def __repr__(self) -> str:
        return f"{self.name}{list(self.shape)}"


Operand = Value | np.ndarray  # a tensor in a call: traced, or a constant
Term = Operand | float  # an operand of arithmetic: a tensor or a number


@dataclass(eq=False)
class Node:
    """A layer of a network: its name, unique among the nodes, its settings, inputs, outputs and weights.

    blobs:  its weights in Caffe's order and layout, float32. The same array object in two nodes is a shared weight.
    module: the path of the nn.Module it came from, "" when it came from a file.
    line:   where the model calls it, "resnet.py:92", or "".
    label:  what the file that it was read from calls it, where another node has that name too, else "".
    """

    name: str
    layer: Layer
    inputs: list[Value]
    outputs: list[Value]
    blobs: tuple[np.ndarray, ...] = ()
    module: str = ""
    line: str = ""
    label: str = ""

    @property
    def where(self) -> str:
        """The source location to show to a user: `layer1.0.conv1 (resnet.py:92)`."""
        name = self.module or self.name
        return f"{name} ({self.line})" if self.line else name

    def __repr__(self) -> str:
        weights = f", weights {', '.join(str(list(blob.shape)) for blob in self.blobs)}" if self.blobs else ""
        return f"Node({self.name}: {self.layer!r}, {self.inputs} -> {self.outputs}{weights})"


@dataclass(eq=False)
class Graph:
    """A network. `outputs` maps the name a caller knows (a dict key, or the value's own name) to the value.

    renamed:     layers and values whose names the target does not accept: {name now: name before}.
    caffemodels: the files that its weights were written to, once it is written.
    checks:      the runtimes beside the built-in one that were to run the written files: {name: "" if the outputs were
                 equal, else why it did not run them}.
    aliases:     paths of modules that the model has at several places, {path: the first path of the same module}.
    notes:       what was done to inputs, by their name, for the user to know.
    calls:       how many calls of functions it was traced from; 0 if it was read from a file.
    """

    name: str = "net"
    inputs: list[Value] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    caffemodels: list[Path] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    checks: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        layers = "1 layer" if len(self.nodes) == 1 else f"{len(self.nodes)} layers"
        outputs = ", ".join(f"{name}{list(value.shape)}" for name, value in self.outputs.items())
        return f"Graph({self.name}: {layers}, {', '.join(map(repr, self.inputs))} -> {outputs})"

    def _repr_html_(self) -> str:
        """The network in a notebook: a diagram and a table of its layers."""
        from ..pages.page import Page, to_frame
        from .summary import summarise
        from .summary_page import summary_sections

        return to_frame(Page(self.name, summary_sections(self, summarise(self))))

    def copy(self) -> Graph:
        """The same network with nodes and values of its own, for passes to change; the arrays of weights are shared."""
        new = {value: replace(value) for value in self.values()}
        nodes = [
            replace(node, inputs=[new[value] for value in node.inputs], outputs=[new[value] for value in node.outputs])
            for node in self.nodes
        ]
        outputs = {name: new[value] for name, value in self.outputs.items()}
        inputs = [new[value] for value in self.inputs]
        return Graph(
            self.name, inputs, outputs, nodes, dict(self.renamed), aliases=dict(self.aliases), calls=self.calls
        )

    def values(self) -> Iterator[Value]:
        """Every value: the inputs, then what the nodes write, in order."""
        yield from self.inputs
        for node in self.nodes:
            yield from node.outputs

    def names(self) -> Names:
        """Makes names that neither a node nor a value has."""
        return Names([*(node.name for node in self.nodes), *(value.name for value in self.values())])

    @property
    def is_quantized(self) -> bool:
        """Whether it was read from a quantized model, as float."""
        return any(value.int8_range for value in self.values())

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

    def validate(self) -> None:
        """Raises InvalidGraphError unless the graph keeps the rules that every pass and backend relies on.

        Every value is written once, by an input or a node; a node reads only values that are written before it;
        outputs are written; no two nodes and no two values have the same name; shapes are tuples of ints, none of
        them negative. Takes time linear in the number of nodes.
        """
        for fault in self._faults():
            raise InvalidGraphError(fault)

    def _faults(self) -> Iterator[str]:
        written: set[Value] = set()
        value_names: set[str] = set()
        node_names: set[str] = set()
        for node in (None, *self.nodes):
            if node is not None:
                if node.name in node_names:
                    yield f"two nodes are named {node.name!r}"
                node_names.add(node.name)
                for value in node.inputs:
                    if value not in written:
                        yield f"node {node.name!r} reads {value!r}, which {self._lacks_writer(value)}"
            for value in self.inputs if node is None else node.outputs:
                if value in written:
                    yield f"{value!r} is written twice"
                elif value.name in value_names:
                    yield f"two values are named {value.name!r}"
                if not is_shape(value.shape):
                    yield f"value {value.name!r} has the shape {value.shape!r}, which is not a tuple of ints"
                written.add(value)
                value_names.add(value.name)
        for name, value in self.outputs.items():
            if value not in written:
                yield f"the output {name!r} is {value!r}, which no node writes"

    def _lacks_writer(self, value: Value) -> str:
        writer = self.producers().get(value)
        return f"node {writer.name!r} writes only after it" if writer else "no node writes"


def is_shape(shape: object) -> bool:
    """Whether this is a shape as a Value has it: a tuple of ints (of Python, not of numpy), none of them negative."""
    return isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)


def fix_axes(value: Value | np.ndarray, axes: Iterable[int]) -> None:
    """States that what reads a value is right for this size of these axes only; a constant has no other."""
    if isinstance(value, Value):
        value.fixed |= frozenset(axes)


class Names:
    """Makes names unique: `relu`, `relu_1`, `relu_2`.

    reserved: names with a number that are given only to those that ask for them.
    """

    def __init__(self, taken: Iterable[str] = (), reserved: Collection[str] = ()) -> None:
        self._taken = dict.fromkeys(taken, 0)
        self.reserved = reserved

    def unique(self, wanted: str) -> str:
        """`wanted` itself if it is free, else with the first free number after it."""
        if wanted not in self._taken:
            self._taken[wanted] = 0
            return wanted
        while True:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
            if name not in self._taken and name not in self.reserved:
                self._taken[name] = 0
                return name

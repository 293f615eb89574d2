"""The hub: a network as plain data. Nodes in the order they run, every value written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .registry import Layer

Shape = tuple[int, ...]
Infer = Callable[["Layer", Sequence[Shape], Sequence[np.ndarray]], "list[Shape]"]


@dataclass(eq=False)
class Value:
    """A tensor that flows through the network: a name unique in its graph (Caffe's blob name) and a shape.

    top:   what the file that it was read from calls it; layers that work in place give several values one name.
    about: of an input, what its file tells of the numbers expected: "BGR, 0 to 255 ..."; plain ASCII.
    """

    name: str
    shape: Shape
    top: str = ""
    about: str = ""

    def __repr__(self) -> str:
        return f"{self.name}{list(self.shape)}"


@dataclass(eq=False)
class Node:
    """A layer at its place.

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
        """The place to show a person: `layer1.0.conv1 (resnet.py:92)`."""
        place = self.module or self.name
        return f"{place} ({self.line})" if self.line else place


@dataclass(eq=False)
class Graph:
    """A network. `outputs` maps the name a caller knows (a dict key, or the value's own name) to the value.

    renamed: names that its reader could not take, of layers and values: {name now: name before}.
    """

    name: str = "net"
    inputs: list[Value] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)

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
    """Gives every thing a name of its own: `relu`, `relu_1`, `relu_2`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = dict.fromkeys(taken, 0)

    def unique(self, wanted: str) -> str:
        """`wanted` itself if it is free, else with the first free number behind it."""
        if wanted not in self._taken:
            self._taken[wanted] = 0
            return wanted
        while True:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
            if name not in self._taken:
                self._taken[name] = 0
                return name


class Builder:
    """Adds layers to a graph one by one, as every way in does: `y = net.add(ReLU(), x)`.

    infer: gives the output shapes of a layer, from its input shapes and blobs.
    """

    def __init__(self, graph: Graph, infer: Infer) -> None:
        self.graph = graph
        self.infer = infer
        self.names = Names()
        self.masks: set[Value] = set()  # of what the present call is given, those that are bool in PyTorch: 0 and 1
        self.scope = ""
        self.module = ""
        self.line = ""

    def input(self, name: str, shape: Shape) -> Value:
        """A new input of the network."""
        value = Value(self.names.unique(name), tuple(shape))
        self.graph.inputs.append(value)
        return value

    def add(self, layer: Layer, *inputs: Value, blobs: Sequence[np.ndarray] = (), name: str = "") -> Any:
        """Appends `layer` reading `inputs`. Returns its output value, or the list of them if it has several.

        name: goes behind the scope (`bn1` -> `bn1.scale`) for the second and further layers made of one call.
        An array among the inputs becomes a constant.
        """
        inputs = tuple(self.constant(i) if isinstance(i, np.ndarray) else i for i in inputs)
        blobs = tuple(np.asarray(blob, np.float32) for blob in blobs)
        shapes = self.infer(layer, [value.shape for value in inputs], blobs)
        return self.append(layer, inputs, shapes, blobs, name)

    def lacks(self, layer: Layer, *inputs: Value) -> bool:
        """Whether the target has no such layer (for these inputs, if given). A model that is traced has no target."""
        return False

    def append(
        self,
        layer: Layer,
        inputs: Sequence[Value],
        shapes: Sequence[Shape],
        blobs: Sequence[np.ndarray],
        name: str = "",
    ) -> Any:
        """As `add`, with the output shapes already known."""
        name = self.names.unique(self.name_of(layer, name))
        several = len(shapes) > 1
        outputs = [
            Value(self.names.unique(f"{name}.{index}") if several else name, tuple(shape))
            for index, shape in enumerate(shapes)
        ]
        node = Node(name, layer, list(inputs), outputs, tuple(blobs), self.module, self.line)
        self.graph.nodes.append(node)
        return list(outputs) if several else outputs[0]

    def name_of(self, layer: Layer, name: str) -> str:
        """The name wanted for a layer within the present scope."""
        return ".".join(part for part in (self.scope, name) if part) or type(layer).__name__.lower()

    def constant(self, array: np.ndarray) -> Value:
        """A value that is always `array`."""
        from .layers.constant import Constant

        array = np.asarray(array, np.float32)
        return self.add(Constant(array.shape), blobs=[array], name="constant")

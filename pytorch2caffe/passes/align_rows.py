"""One shape for what is computed row by row, where the layers around it need several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from ..graph.graph import Graph, Node, Shape, Value
from ..graph.registry import Layer
from .drop_unused import drop_unused
from .merge_reshapes import reshaping
from .row_layers import in_axes, is_open_reshape, keeps_rows

Takes = Callable[[Layer, Sequence[Value]], bool]


def align_rows(graph: Graph, takes: Takes) -> None:
    """Lets layers that work row by row, along the last axis, use the leading axes that the layers around them need.

    before: (x[1, 8, 8, 16] -> Reshape[1, 64, 1, 16] -> MVN -> Reshape[1, 8, 8, 16] -> InnerProduct, x) -> Eltwise -> z,
            z[1, 8, 8, 16] -> Reshape[1, 64, 1, 16] -> MVN -> y
    after:  (x -> Reshape[1, 64, 1, 16] -> MVN -> InnerProduct, the Reshape) -> Eltwise -> z[1, 64, 1, 16] -> MVN -> y

    The numbers, their order and their names stay; some values have other leading axes. Not changed: regions that would
    not need fewer Reshapes, the first axis, and what is right for one size only.
    takes: whether the target has a layer with these inputs.
    """
    rewriting = _Rewriting(graph)
    for region in _regions(graph, rewriting.outputs):
        if (lead := region.fewest_reshapes(takes)) is not None:
            rewriting.add(region, lead)
    if rewriting.shapes:
        rewriting.run()
        drop_unused(graph)


@dataclass
class _Region:
    """Values that layers compute from each other row by row.

    layers:   the nodes that do, and reshapes: those that only change the leading axes.
    same:     value -> the first value with its numbers: `reshapes` are between the two.
    given:    the values that other nodes write, or inputs.
    needed:   the shapes that other nodes need of a value.
    """

    layers: list[Node] = field(default_factory=list)
    reshapes: list[Node] = field(default_factory=list)
    same: dict[Value, Value] = field(default_factory=dict)
    given: set[Value] = field(default_factory=set)
    needed: dict[Value, set[Shape]] = field(default_factory=lambda: defaultdict(set))

    def add(self, node: Node) -> None:
        """Adds a node, in the order of the graph."""
        for value in (*node.inputs, *node.outputs):
            self.same.setdefault(value, value)
        if keeps_rows(node):
            self.reshapes.append(node)
            self.same[node.outputs[0]] = self.same[node.inputs[0]]
        else:
            self.layers.append(node)

    def fewest_reshapes(self, takes: Takes) -> Shape | None:
        """The leading axes with which the region needs the fewest Reshapes; None if these are not fewer than it has."""
        costs = {lead: self._cost(lead) for lead in dict.fromkeys(value.shape[:-1] for value in self.same)}
        for lead in sorted(costs, key=lambda lead: (costs[lead], len(lead))):
            if costs[lead] >= len(self.reshapes):
                return None
            if all(_fits(node, lead, takes) for node in self.layers):
                return lead
        return None

    def _cost(self, lead: Shape) -> int:
        """How many Reshapes there would be."""
        needed: dict[Value, set[Shape]] = defaultdict(set)
        for value, same in self.same.items():
            needed[same] |= self.needed[value]
        for value in dict.fromkeys(value for node in self.layers for value in node.inputs):
            needed[self.same[value]].add((*lead, value.shape[-1]))
        return sum(
            len(shapes - {same.shape if same in self.given else (*lead, same.shape[-1])})
            for same, shapes in needed.items()
        )


def _fits(node: Node, lead: Shape, takes: Takes) -> bool:
    layer = in_axes(node, len(lead) + 1)
    return layer is not None and takes(layer, [Value("", (*lead, value.shape[-1])) for value in node.inputs])


def _regions(graph: Graph, outputs: set[Value]) -> list[_Region]:
    """The regions with a Reshape that keeps the rows; without one there is nothing to gain."""
    parents: dict[Value, Value] = {}

    def root(value: Value) -> Value:
        while (parent := parents.setdefault(value, value)) is not value:
            parents[value] = value = parents[parent]
        return value

    inside = [node for node in graph.nodes if _is_inside(node, outputs)]
    for node in inside:
        for value in (*node.inputs, *node.outputs):
            parents[root(value)] = root(node.inputs[0])
    regions: dict[Value, _Region] = defaultdict(_Region)
    for node in inside:
        regions[root(node.inputs[0])].add(node)
    others = set(graph.nodes) - set(inside)
    for node in graph.nodes:
        if node in others:
            for value in node.inputs if not is_open_reshape(node) else ():
                regions[root(value)].needed[value].add(value.shape)
            for value in node.outputs if not is_open_reshape(node) else outputs & {*node.outputs}:
                regions[root(value)].given.add(value)
    for value in graph.inputs:
        regions[root(value)].given.add(value)
    for value in outputs:
        regions[root(value)].needed[value].add(value.shape)
    return [region for region in regions.values() if region.reshapes]


def _is_inside(node: Node, outputs: Collection[Value]) -> bool:
    """Whether a node computes row by row, for any leading axes, or is a Reshape that keeps the rows."""
    values = (*node.inputs, *node.outputs)
    if not node.inputs or any(value.fixed or len(value.shape) < 2 for value in values):
        return False
    return keeps_rows(node) and node.outputs[0] not in outputs or in_axes(node, len(values[0].shape)) is not None


class _Rewriting:
    """The nodes for values of other shapes.

    layers: the nodes that work in other shapes, and how; shapes: those shapes.
    same:   as in `_Region`; spare: the Reshapes of a region by the numbers and the shape, used where these are needed.
    forms:  the numbers and a shape -> the value.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.outputs = graph, set(graph.outputs.values())
        self.names = graph.names()
        self.before = {value: value.shape for value in graph.values()}
        self.layers: dict[Node, Layer] = {}
        self.shapes: dict[Value, Shape] = {}
        self.same: dict[Value, Value] = {}
        self.spare: dict[tuple[Value, Shape], Node] = {}
        self.forms: dict[tuple[Value, Shape], Value] = {}
        self.nodes: list[Node] = []

    def add(self, region: _Region, lead: Shape) -> None:
        """A region that gets these leading axes."""
        self.layers |= {node: layer for node in region.layers if (layer := in_axes(node, len(lead) + 1)) is not None}
        self.shapes |= {value: (*lead, value.shape[-1]) for value in region.same}
        self.same |= region.same
        self.spare |= {(region.same[node.inputs[0]], node.outputs[0].shape): node for node in region.reshapes}

    def run(self) -> None:
        """Rewrites the graph."""
        spare = set(self.spare.values())
        for value in self.graph.inputs:
            self._written(value)
        for node in self.graph.nodes:
            if node in spare or node.outputs and self.same.get(node.outputs[0], node.outputs[0]) not in node.outputs:
                continue
            if is_open_reshape(node):
                self._reshape(node)
            elif node in self.layers:
                self._row_layer(node)
            else:
                node.inputs = [self._form(value, self.before[value], node) for value in node.inputs]
                self.nodes.append(node)
            for value in node.outputs:
                self._written(value)
        self.graph.nodes[:] = self.nodes

    def _written(self, value: Value) -> None:
        self.forms.setdefault((value, value.shape), value)

    def _reshape(self, node: Node) -> None:
        """A Reshape reads any form, and gives the one that is needed, or an output."""
        (x,), (y,) = node.inputs, node.outputs
        node.inputs = [self.same.get(x, x)]
        y.shape = y.shape if y in self.outputs else self.shapes.get(y, y.shape)
        node.layer = reshaping(node.inputs[0].shape, y.shape)
        self.nodes.append(node)

    def _row_layer(self, node: Node) -> None:
        node.inputs = [self._form(value, self.shapes[value], node) for value in node.inputs]
        node.layer = self.layers[node]
        self.nodes.append(node)
        for index, value in enumerate(node.outputs):
            if value in self.outputs and value.shape != self.shapes[value]:
                node.outputs[index] = rows = Value(self.names.unique(f"{value.name}.rows"), self.shapes[value])
                self._add_reshape(rows, value, rows.name, node)
                self.forms[value, rows.shape] = rows
                self._written(value)
            else:
                value.shape = self.shapes[value]

    def _form(self, value: Value, shape: Shape, reader: Node) -> Value:
        """The numbers of a value in a shape, by a Reshape if nothing has it."""
        first = self.same.get(value, value)
        if (form := self.forms.get((first, shape))) is not None:
            return form
        spare = self.spare.get((first, shape))
        if spare is not None:
            name, form, reader = spare.name, spare.outputs[0], spare
        else:
            name = self.names.unique(f"{first.name}.shaped")
            form = Value(name, shape)
        self._add_reshape(first, form, name, reader)
        self.forms[first, shape] = form
        return form

    def _add_reshape(self, x: Value, y: Value, name: str, like: Node) -> None:
        self.nodes.append(Node(name, reshaping(x.shape, y.shape), [x], [y], (), like.module, like.line))

"""What a value is computed from, for passes that recognise several layers as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose

from ..graph.graph import Graph, Node, Value
from ..layers.activation.softmax import Softmax
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.power import Power

MOST_FACTORS = 6


@dataclass
class Product:
    """A value as scale times the product of other values."""

    scale: float = 1.0
    values: list[Value] = field(default_factory=list)

    def is_of(self, *values: Value) -> bool:
        """Whether its factors are these values, in any order."""
        return sorted(map(id, self.values)) == sorted(map(id, values))


def unsaturated(producers: Mapping[Value, Node], value: Value) -> Value:
    """What a Softmax reads, if it computes the value: its own outputs saturate, which hides differences."""
    node = producers.get(value)
    return node.inputs[0] if node is not None and isinstance(node.layer, Softmax) else value


def near(number: float, wanted: float) -> bool:
    """Whether two settings are the same number, rounded by an exporter."""
    return isclose(number, wanted, rel_tol=1e-4)


def power_of(producers: dict[Value, Node], value: Value) -> tuple[Power, Value] | None:
    """The Power that computes a value, and what it computes it from; None for another layer."""
    node = producers.get(value)
    return (node.layer, node.inputs[0]) if node is not None and isinstance(node.layer, Power) else None


def scaled(producers: dict[Value, Node], value: Value) -> tuple[float, Value]:
    """A value as a factor times another value; 1 times itself if no Power computes it as such."""
    found = power_of(producers, value)
    if found is not None and found[0].power == 1 and found[0].shift == 0 and found[0].scale != 0:
        return found[0].scale, found[1]
    return 1.0, value


def product_of(producers: dict[Value, Node], value: Value) -> Product:
    """A value as a product, through layers that multiply by a number or by each other."""
    found = Product()
    waiting = [value]
    while waiting and len(found.values) < MOST_FACTORS:
        factor, each = scaled(producers, waiting.pop())
        found.scale *= factor
        node = producers.get(each)
        if factor != 1:
            waiting.append(each)
        elif node is not None and node.layer == Eltwise("PROD"):
            waiting += node.inputs
        else:
            found.values.append(each)
    return found


def replace_node(node: Node, layer: object, inputs: list[Value]) -> None:
    """Makes a node another layer of other inputs, without weights. What computed its inputs stays."""
    node.layer, node.inputs, node.blobs = layer, inputs, ()  # type: ignore[assignment]


def written_once(graph: Graph) -> dict[Value, Node]:
    """The producers of the values of nodes that have one output."""
    return {node.outputs[0]: node for node in graph.nodes if len(node.outputs) == 1}

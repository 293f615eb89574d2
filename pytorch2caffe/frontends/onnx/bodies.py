"""The nodes of a graph, of a branch or of a function, with what their attributes and opsets refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .files import Model, Opsets, opsets_of


@dataclass(eq=False)
class Body:
    """Nodes to read. constants: its initialisers.

    arguments: of a function, the attributes of the node that calls it, by name; None for one that it omits.
    """

    nodes: Sequence[Any]
    opsets: Opsets
    constants: Sequence[Any] = ()
    arguments: Mapping[str, Any] | None = None

    def bound_attribute(self, attribute: Any) -> Any:
        """An attribute of a node, that of the caller if it refers to one; None if the caller omits it."""
        if not attribute.ref_attr_name:
            return attribute
        given = (self.arguments or {}).get(attribute.ref_attr_name)
        if given is None:
            return None
        copy = type(given)()
        copy.CopyFrom(given)
        copy.name = attribute.name
        return copy


def body_of_model(model: Model) -> Body:
    """The graph of a model."""
    return Body(model.graph.node, model.opsets, model.graph.initializer)


def body_of_graph(graph: Any, around: Body) -> Body:
    """A branch of a node of `around`."""
    return Body(graph.node, around.opsets, graph.initializer, around.arguments)


def body_of_function(function: Any, node: Any, around: Body) -> Body:
    """The body of a function that `node` calls."""
    arguments = {attribute.name: attribute for attribute in function.attribute_proto}
    for attribute in node.attribute:
        bound = around.bound_attribute(attribute)
        if bound is not None:
            arguments[attribute.name] = bound
    return Body(function.node, around.opsets | opsets_of(function.opset_import), (), arguments)

"""The layer that a file's settings make; for layers of forks, calls of the functions registered with `from_caffe`."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, CaffeRule
from ...graph.graph import Graph, Node, Shape, Value
from ...graph.registry import Layer
from ...layers.basic.split import Split
from ...runtime.infer import infer


def composed(rule: CaffeRule, node: CaffeNode, name: str, inputs: Sequence[Value]) -> tuple[list[Node], list[Value]]:
    """The nodes that a rule adds for a layer, named after it, and the values of its tops.

    Raises Refused for inputs that the layer does not have.
    """
    net = Builder(Graph(), infer)
    net.scope = name
    try:
        inspect.signature(rule.function).bind(net, node, *inputs)
    except TypeError:
        raise Refused(f"{node.type} of {len(inputs)} bottoms", "correct its bottoms") from None
    result = rule.function(net, node, *inputs)
    values = list(result) if isinstance(result, (list, tuple)) else [result]
    values = [net.add(Split(1), value) if value in inputs else value for value in values]
    if len(values) != node.tops:
        raise Refused(f"{node.type} gives {len(values)} tops; the file names {node.tops}", "correct its tops")
    return net.graph.nodes, values


def layer_of(
    cls: type[Layer], param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray], tops: int
) -> Layer:
    """The layer of a class from its settings, for so many tops. Raises Refused if it lacks a setting or an input."""
    more = {"tops": tops} if "tops" in inspect.signature(cls.from_caffe).parameters else {}
    try:
        return cls.from_caffe(param, shapes, blobs, **more)
    except KeyError as error:
        raise Refused(f"{cls.type} lacks a setting: {error}", f"complete its {cls.param}") from error
    except (TypeError, IndexError, ZeroDivisionError) as error:
        for field in fields(cls):  # type: ignore[arg-type]
            if field.default is MISSING and field.name not in param:
                what = f"{cls.type} lacks a setting: {field.name!r}"
                raise Refused(what, f"complete its {cls.param}") from error
        what = f"{cls.type} cannot take inputs of shape {list(map(list, shapes))} with these settings"
        raise Refused(what, f"correct its bottoms or its {cls.param}") from error

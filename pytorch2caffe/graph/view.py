"""A network as a diagram of pages/: its layers by module, with what is known of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..pages.diagram import Box, Diagram, Histograms

if TYPE_CHECKING:
    from .graph import Graph, Node, Shape


@dataclass(frozen=True)
class Shade:
    """How a layer is drawn. heat: its colour, 0 to 1, None for none; wrong: whether it is marked; details: what is
    shown of it beside its settings and shapes.
    """

    heat: float | None = None
    wrong: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    histograms: Histograms | None = None


def diagram(
    graph: Graph, shades: Mapping[str, Shade], *, colour: str = "", low: str = "", high: str = "", wrong: str = ""
) -> Diagram:
    """The inputs and layers of a network as boxes.

    shades: by the name of the layer or input. colour, low, high, wrong: as for `Diagram`.
    """
    names = box_names(graph)
    writer = {value: names[id(value)] for value in graph.inputs}
    boxes = [_input_box(names[id(value)], value.shape, shades.get(value.name, Shade())) for value in graph.inputs]
    modules = _containers(graph)
    results: dict[object, list[str]] = {}
    for name, value in graph.outputs.items():
        results.setdefault(value, []).append(name)
    for node in graph.nodes:
        shade = shades.get(node.name, Shade())
        returned = [name for value in node.outputs for name in results.get(value, ())]
        sources = tuple(dict.fromkeys(writer[value] for value in node.inputs if value in writer))
        writer |= dict.fromkeys(node.outputs, node.name)
        details = {**_details(node, returned), **shade.details}
        caption = f"{node.layer.type} {shape_text(node.outputs[0].shape) if node.outputs else ''}"
        path = _path(node, modules)
        boxes.append(Box(node.name, caption, path, sources, shade.heat, shade.wrong, details, shade.histograms))
    return Diagram(tuple(boxes), colour, low, high, wrong)


def box_names(graph: Graph) -> dict[int, str]:
    """The names of the boxes of a graph's inputs, by the id of the value: a layer may have the name of an input."""
    taken = {node.name for node in graph.nodes}
    return {id(value): f"input {value.name}" if value.name in taken else value.name for value in graph.inputs}


def _input_box(name: str, shape: Shape, shade: Shade) -> Box:
    details = {"shape": shape_text(shape), **shade.details}
    return Box(name, f"input {shape_text(shape)}", (), (), shade.heat, shade.wrong, details, shade.histograms)


def _details(node: Node, returned: Sequence[str]) -> dict[str, str]:
    settings = "\n".join(f"{name} = {setting_text(value)}" for name, value in node.layer.settings().items())
    found = {
        "type": node.layer.type,
        "module": node.module,
        "source line": node.line,
        "settings": settings,
        "inputs": "\n".join(f"{value.name} {shape_text(value.shape)}" for value in node.inputs),
        "outputs": "\n".join(f"{value.name} {shape_text(value.shape)}" for value in node.outputs),
        "weights": "\n".join(shape_text(blob.shape) for blob in node.blobs),
        "output of the network": ", ".join(returned),
    }
    return {title: text for title, text in found.items() if text}


def setting_text(value: Any) -> str:
    """A setting as reports show it: with the digits of float32, and only the beginning of a long one."""
    text = f"{value:.7g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


def shape_text(shape: Sequence[int]) -> str:
    """A shape as reports show it: 1x3x224x224, scalar."""
    return "x".join(map(str, shape)) or "scalar"


def _module_of(node: Node) -> str:
    return (node.module or node.name.rpartition("/")[0] or node.name).replace("/", ".")


def _containers(graph: Graph) -> set[str]:
    """The modules that consist of several layers, not of one."""
    count = Counter(map(_module_of, graph.nodes))
    found = {module for module, layers in count.items() if layers > 1}
    for module in count:
        while module := module.rpartition(".")[0]:
            found.add(module)
    return found


def _path(node: Node, containers: set[str]) -> tuple[str, ...]:
    """The modules that contain a layer, outermost first, without the module that is the layer."""
    module = _module_of(node)
    parts = tuple(module.split("."))
    return parts if module in containers else parts[:-1]

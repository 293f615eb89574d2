"""Everything in a graph that a dialect does not support, at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ...errors import Problem
from ...graph.caffe_rules import CAFFE
from ...graph.graph import Graph, Node, Shape, Value
from ...graph.registry import LAYERS, Layer
from ...passes.pairs import chains
from .dialect import Dialect
from .dialect_file import dialect, names

USE_OTHERS = (
    "use layers that it has; if your consumer has this one, list it in a dialect of your own (docs/dialects.md)"
)
WITHOUT = "do without that setting, or use other layers"
RUN_LOWER = "pytorch2caffe lower expresses it in layers that {} has"


def check(graph: Graph, target: Dialect) -> list[Problem]:
    """Every problem that a consumer has with a graph, in the order of its layers; an empty list if there is none.

    Each says where (the module and line, or the layer), what, and the shortest fix.
    """
    return [*settings(graph, target), *limits(graph, target)]


def settings(graph: Graph, target: Dialect) -> Iterator[Problem]:
    """Layer types and fields that the dialect lacks."""
    for node in graph.nodes:
        accepted = target.layers.get(node.layer.type, frozenset())
        fields = [name for name in node.layer.to_caffe() if name not in accepted]
        yield from missing(location(node), node.layer.type, dict.fromkeys(fields, ""), target)


def missing(where: str, type: str, fields: dict[str, str], target: Dialect) -> Iterator[Problem]:
    """What a dialect lacks of one layer: its type, or else `fields`, each with its fix, or "" for the usual one."""
    if type not in target.layers:
        yield Problem(where, f"{target.name} has no layer {type}", alternative_to(type, target))
        return
    for name, fix in fields.items():
        usual = lowering_advice(type, target) or WITHOUT
        yield Problem(where, f"{target.name} has no {name} in {type}", fix or usual)


def alternative_to(type: str, target: Dialect, *, lowered: bool = False) -> str:
    """The shortest workaround for a layer type that a dialect lacks. lowered: other layers cannot express this one."""
    if not lowered and (advice := lowering_advice(type, target)):
        return advice
    others = [name for name in names() if type in dialect(name).layers]
    if others:
        return f"{', '.join(others)} {'has' if len(others) == 1 else 'have'} it (--target)"
    lower = {known.lower(): known for known in target.layers}
    near = difflib.get_close_matches(type.lower(), lower, 1, 0.8)
    return f"did you mean {lower[near[0]]}?" if near else USE_OTHERS


def lowering_advice_text(target: Dialect) -> str:
    """The advice to run `pytorch2caffe lower`."""
    return RUN_LOWER.format(target.name)


def lowering_advice(type: str, target: Dialect) -> str:
    """The advice to run `pytorch2caffe lower`, if this package can express the layer in others."""
    known = type in CAFFE or type in LAYERS and LAYERS[type].lower is not Layer.lower
    return lowering_advice_text(target) if known else ""


def limits(graph: Graph, target: Dialect) -> Iterator[Problem]:
    """Settings, sizes and names beyond the limits of the dialect."""
    for node in graph.nodes:
        for how, rule in target.violations(node.layer, _shapes_of(node)):
            yield Problem(location(node), f"{how}: {rule.why}", rule.fix)
        yield from _ranks(node, target)
        yield from _sides(node, target)
    yield from _after(graph, target)
    yield from _batch(graph, target)
    yield from _names(graph, target)
    for what, values, most in (
        ("inputs", graph.inputs, target.limits.inputs),
        ("outputs", list(graph.outputs), target.limits.outputs),
    ):
        if most is not None and len(values) > most:
            yield Problem(
                "the network",
                f"{len(values)} {what}; {target.name} accepts at most {most}",
                f"join {what} (torch.cat), or split the network",
            )


def _after(graph: Graph, target: Dialect) -> Iterator[Problem]:
    """Layers that the consumer joins wrongly with one before them."""
    for node, before in chains(graph):
        for how, rule in target.violations_after(node.layer, _shapes_of(node), [other.layer for other in before]):
            yield Problem(location(node), f"{how}: {rule.why}", rule.fix)


def location(node: Node) -> str:
    """The module and line, or the layer of a file."""
    return node.where if node.module else f"layer {node.name!r}"


def _shapes_of(node: Node) -> list[Shape]:
    return [value.shape for value in node.inputs]


def _ranks(node: Node, target: Dialect) -> Iterator[Problem]:
    most = target.limits.most_axes(node.layer.type)
    rank = max((len(value.shape) for value in (*node.inputs, *node.outputs)), default=0)
    if most is not None and rank > most:
        what = f"{node.layer.type} of {rank} axes; {target.name} accepts at most {most}"
        yield Problem(location(node), what, "join axes by reshape")


def _sides(node: Node, target: Dialect) -> Iterator[Problem]:
    most = target.limits.side
    largest = max((size for value in node.outputs for size in value.shape[2:]), default=0)
    if most is not None and largest > most:
        what = f"{node.layer.type} of {largest} rows or columns; {target.name} accepts at most {most}"
        yield Problem(location(node), what, "use smaller inputs, or split the map")


def _batch(graph: Graph, target: Dialect) -> Iterator[Problem]:
    """Values whose first dimension is not the batch, the first of those that depend on each other.

    A constant is not a sample, whatever its shape.
    """
    size = target.limits.batch
    if size is None:
        return
    constants: set[Value] = set()
    wrong: set[Value] = set()
    computed: list[tuple[str, Value]] = [(f"input {value.name!r}", value) for value in graph.inputs]
    producers = graph.producers()
    for node in graph.nodes:
        if constants.issuperset(node.inputs):
            constants.update(node.outputs)
        else:
            computed += [(location(node), value) for value in node.outputs]
    for where, value in computed:
        if value.shape[:1] != (size,):
            wrong.add(value)
            if value in producers and wrong.intersection(producers[value].inputs):
                continue
            what = f"shape {list(value.shape)}; {target.name} accepts only a first dimension of {size}, the batch"
            yield Problem(where, what, f"convert with a batch of {size}, and keep it as the first dimension")


def _names(graph: Graph, target: Dialect) -> Iterator[Problem]:
    limit = target.limits
    blobs = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
    for kind, found in (("layer", [n.name for n in graph.nodes]), ("blob", [v.top or v.name for v in blobs])):
        for name in dict.fromkeys(found):
            if limit.name_length is not None and len(name) > limit.name_length:
                what = f"a name of {len(name)} characters; {target.name} accepts at most {limit.name_length}"
                yield Problem(f"{kind} {name!r}", what, "pytorch2caffe lower shortens names and lists them")
            if any(character in name for character in limit.names_without):
                what = f"a name with a character that {target.name} does not accept"
                yield Problem(f"{kind} {name!r}", what, "pytorch2caffe lower replaces it by _")

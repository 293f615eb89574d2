"""The functions of TensorFlow 2, whose nodes name their inputs as `node:output:index`."""

from __future__ import annotations

from typing import Any

from ...errors import Refused
from .node import Body, TfNode


def body_of(function: Any, prefix: str) -> tuple[Body, list[str], list[tuple[str, int]]]:
    """The nodes of a FunctionDef, the names of its arguments, and its results as (node, output)."""
    arguments = [argument.name for argument in function.signature.input_arg]
    definitions = {node.name: node for node in function.node_def}

    def edge(text: str) -> tuple[str, int]:
        name, *rest = text.split(":")
        if not rest or name in arguments:
            return name, 0
        if name not in definitions:
            raise Refused(f"{text!r} is read, but it is not in the function {function.signature.name!r}")
        if len(rest) != 2 or not rest[1].isdecimal():
            raise Refused(f"{text!r} does not name an output of a node")
        named = OUTPUTS.get(definitions[name].op, ())
        return name, (named.index(rest[0]) if rest[0] in named else 0) + int(rest[1])

    nodes = {
        node.name: TfNode(node.name, node.op, [edge(e) for e in node.input if not e.startswith("^")], node.attr)
        for node in function.node_def
    }
    results = [edge(function.ret[result.name]) for result in function.signature.output_arg]
    return Body(nodes, prefix), arguments, results


NORMALISED = ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3")
OUTPUTS = {  # names of the outputs of operators that have several
    "FusedBatchNorm": NORMALISED,
    "FusedBatchNormV2": NORMALISED,
    "FusedBatchNormV3": NORMALISED,
    "TensorArrayV3": ("handle", "flow"),
    "Switch": ("output_false", "output_true"),
    "Merge": ("output", "value_index"),
}

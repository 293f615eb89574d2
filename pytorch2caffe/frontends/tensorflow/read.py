"""From a TensorFlow file to IR nodes: finds the outputs and the inputs, and reads what is between them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConversionError, Problem, UnsupportedError
from ...formats.mmdnn.node import IrNode
from ...graph.graph import Graph
from ...passes.keep_channels_first import keep_channels_first
from . import (  # noqa: F401 - they register themselves
    fold_arrays,
    rules_arrays,
    rules_choice,
    rules_conv,
    rules_einsum,
    rules_inputs,
    rules_math,
    rules_nn,
    rules_sequences,
    rules_volume,
)
from .control_flow import without_consequences
from .convert import Net
from .files import Model, open_model
from .node import Body, Dead, Item, Tensor, TfNode, Unknown
from .node_defs import split_edge
from .tidy import tidy

InputShape = Sequence[int | None] | Sequence[Sequence[int | None]] | Mapping[str, Sequence[int | None]]
PLACEHOLDERS = ("Placeholder", "PlaceholderWithDefault", "PlaceholderV2")
INPUTS = (*PLACEHOLDERS, "QueueDequeueManyV2", "QueueDequeueUpToV2", "QueueDequeueV2", "IteratorGetNext")
NO_OUTPUTS = {
    "NoOp",
    "Assert",
    "Const",
    "Placeholder",
    "SaveV2",
    "RestoreV2",
    "MergeV2Checkpoints",
    "Print",
    "PrintV2",
    "Assign",
    "AssignAdd",
    "AssignSub",
    "AssignVariableOp",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "VariableV2",
    "VarHandleOp",
    "ScalarSummary",
    "HistogramSummary",
    "ImageSummary",
    "MergeSummary",
    "TensorSummaryV2",
    "WriteSummary",
    "WriteScalarSummary",
    "WriteHistogramSummary",
    "VarIsInitializedOp",
}


def load_tensorflow(
    path: str | Path,
    weights: str | Path | None = None,
    outputs: str | Sequence[str] | None = None,
    input_shape: InputShape | None = None,
) -> Graph:
    """Reads a TensorFlow network for inference; needs the tensorflow package, to read the files only.

    path:        a checkpoint (`x.ckpt.meta`, or `x.ckpt` with the .meta beside it), a frozen graph (.pb, .pbtxt), or
                 the folder of a SavedModel.
    weights:     the checkpoint, if it is not beside the .meta.
    outputs:     the nodes wanted, `name` or `name:0`; needed where the graph has several outputs.
    input_shape: (height, width, channels), with the batch before it or without; for several inputs a list of them,
                 or {name of the input: shape}. Needed where the file leaves a size open. Any node may be named
                 here: it becomes an input.

    Shapes of the Graph are channels first, also of inputs that convolutions read as NCHW; its outputs have the given
    names.
    Raises UnsupportedError naming every operator that cannot be read, ConversionError for damaged files, unknown
    names (with similar ones) and missing sizes.
    """
    from ..mmdnn.reader import graph_of

    nodes, named = _read(path, weights, outputs, input_shape)
    graph = graph_of(nodes, _stem(path))
    missing = [edge for edge in named.values() if edge not in graph.outputs]
    if missing:
        raise ConversionError(f"{path}: {', '.join(missing)} was lost in the conversion")
    graph.outputs = {name: graph.outputs[edge] for name, edge in named.items()}
    keep_channels_first(graph)
    return graph


def read_tensorflow(
    path: str | Path,
    weights: str | Path | None = None,
    outputs: str | Sequence[str] | None = None,
    input_shape: InputShape | None = None,
) -> list[IrNode]:
    """As `load_tensorflow`, up to the nodes of MMdnn's intermediate representation: channels last, in order."""
    nodes = _read(path, weights, outputs, input_shape)[0]
    for node in nodes:
        node.weights = dict(node.weights.items())
    return nodes


def _stem(path: str | Path) -> str:
    return Path(path).name.split(".")[0] or "net"


def _read(
    path: str | Path, weights: str | Path | None, outputs: str | Sequence[str] | None, input_shape: InputShape | None
) -> tuple[list[IrNode], dict[str, str]]:
    """The IR's nodes, their weights still in the file, and the edge of each output."""
    model = open_model(path, weights)
    body = Body({node.name: node for node in model.nodes})
    if len(body.nodes) != len(model.nodes):
        raise ConversionError(f"{path}: two nodes have one name")
    if not body.nodes:
        raise ConversionError(f"{path}: the graph is empty")
    wanted = _outputs(str(path), model, body.nodes, outputs)
    net = Net(model, _shapes(body.nodes, [edge for edge, _ in wanted.values()], input_shape))
    found = dict(zip(wanted, net.run(body, wanted.values()), strict=True))
    if problems := _problems(found.values()):
        raise UnsupportedError(problems, f"read from {path}")
    return tidy(net, {name: _tensor(name, item) for name, item in found.items()})


def _tensor(name: str, item: Item) -> Tensor:
    if isinstance(item, Dead):
        raise ConversionError(f"output {name!r} is in a branch that is not taken at inference")
    assert isinstance(item, Tensor)
    if not item.edge or item.spread:
        raise ConversionError(f"output {name!r} does not depend on an input; choose another")
    return item


def _problems(items: Iterable[Item]) -> list[Problem]:
    """Why outputs could not be converted, in the order of the graph."""
    found: dict[Problem, None] = {}
    seen: set[int] = set()
    stack = [(item, False) for item in items]
    while stack:
        item, leave = stack.pop()
        if not isinstance(item, Unknown):
            continue
        if leave:
            if item.problem is not None:
                found[item.problem] = None
        elif id(item) not in seen:
            seen.add(id(item))
            stack.append((item, True))
            stack += [(cause, False) for cause in item.causes]
    return without_consequences(found)


# ---- inputs and outputs ----------------------------------------------------------------------------------------------


def _outputs(
    path: str, model: Model, nodes: Mapping[str, TfNode], outputs: str | Sequence[str] | None
) -> dict[str, tuple[str, int]]:
    """The outputs by name, as (node, output)."""
    if outputs is not None:
        names = [outputs] if isinstance(outputs, str) else list(outputs)
        known = {name: model.outputs.get(name, name) for name in names}
        return {name: _find(edge, nodes, model) for name, edge in known.items()}
    if model.outputs:
        return {name: split_edge(edge) for name, edge in model.outputs.items()}
    found = likely_outputs(nodes)
    if len(found) == 1:
        return {found[0]: (found[0], 0)}
    listed = "".join(f"\n  {name} ({nodes[name].op})" for name in found[:40]) + ("\n  ..." if len(found) > 40 else "")
    inputs = ", ".join(node.name for node in nodes.values() if node.op in INPUTS) or "none"
    if not found:
        raise ConversionError(f"{path}: no node depends on an input; inputs: {inputs}")
    raise ConversionError(f"{path}: {len(found)} nodes could be the output; name yours (--dstNode):{listed}")


def _find(edge: str, nodes: Mapping[str, TfNode], model: Model) -> tuple[str, int]:
    name, index = split_edge(edge)
    if name in nodes:
        return name, index
    names = [*nodes, *model.outputs]
    lower = {n.lower(): n for n in names}
    near = [lower[n] for n in difflib.get_close_matches(name.lower(), lower, 5, 0.5)]
    near += [n for n in names if n.rsplit("/", 1)[-1] == name.rsplit("/", 1)[-1] and n not in near][:5]
    hint = f"; similar names: {', '.join(near)}" if near else f"; its outputs: {', '.join(likely_outputs(nodes)[:10])}"
    raise ConversionError(f"the graph has no node {name!r}{hint}")


def likely_outputs(nodes: Mapping[str, TfNode]) -> list[str]:
    """The nodes that depend on an input and that no node reads, without those for training."""
    read = {name for node in nodes.values() for name, _ in node.inputs}
    consumers: dict[str, list[str]] = {}
    for node in nodes.values():
        for name, _ in node.inputs:
            consumers.setdefault(name, []).append(node.name)
    fed = [node.name for node in nodes.values() if node.op in INPUTS and not node.name.startswith("save/")]
    seen = set(fed)
    while fed:
        for consumer in consumers.get(fed.pop(), ()):
            if consumer not in seen:
                seen.add(consumer)
                fed.append(consumer)
    return [n.name for n in nodes.values() if n.name in seen and n.name not in read and n.op not in NO_OUTPUTS]


def _shapes(
    nodes: Mapping[str, TfNode], wanted: Iterable[str], given: InputShape | None
) -> dict[str, Sequence[int | None]]:
    """The shapes that the caller gave, by the names of nodes."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = {split_edge(name)[0]: shape for name, shape in given.items()}
        for name in named:
            _find(name, nodes, Model([]))
        return {name: _sizes(shape) for name, shape in named.items()}
    shapes = [given] if not given or isinstance(given[0], int) or given[0] is None else list(given)
    inputs = inputs_of(nodes, wanted)
    if len(shapes) != len(inputs):
        raise ConversionError(
            f"{len(shapes)} input shapes for {len(inputs)} inputs ({', '.join(inputs) or 'none'}): give one for each"
        )
    return {name: _sizes(shape) for name, shape in zip(inputs, shapes, strict=True)}


def _sizes(shape: Any) -> list[int | None]:
    sizes = list(shape)
    if any(size is not None and (not isinstance(size, int) or size < -1 or size == 0) for size in sizes):
        raise ConversionError(f"an input shape has integers, not {shape}")
    return [None if size == -1 else size for size in sizes]


def inputs_of(nodes: Mapping[str, TfNode], wanted: Iterable[str]) -> list[str]:
    """The inputs that nodes depend on, in the order of the graph, without scalars such as keep_prob."""
    stack, seen = list(wanted), set()
    while stack:
        name = stack.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        stack += [edge for edge, _ in nodes[name].inputs]
    found = [node for node in nodes.values() if node.name in seen and node.op in INPUTS]
    return [node.name for node in found if not _is_setting(node)]


def _is_setting(node: TfNode) -> bool:
    """Whether a placeholder is a boolean or a scalar, such as is_training or keep_prob."""
    if node.dtype("dtype") == 10:
        return True
    if node.has("_output_shapes") and len(node.attr["_output_shapes"].list.shape):
        shape = node.attr["_output_shapes"].list.shape[0]
        return not shape.unknown_rank and not shape.dim
    shape = node.attr["shape"].shape if node.has("shape") else None
    return shape is not None and not shape.unknown_rank and not shape.dim and not node.has("_output_shapes")

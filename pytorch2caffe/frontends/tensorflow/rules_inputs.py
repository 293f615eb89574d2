"""The sources of data and weights: placeholders, constants, variables; and the shapes of tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from .convert import Net, read_constant, rule
from .node import BATCH, Shape, Tensor, TfNode, constant

KINDS = {**dict.fromkeys((1, 2, 14, 19), "f"), **dict.fromkeys((3, 4, 5, 6, 9, 17, 22, 23), "i"), 10: "b"}
NARROW = (4, 5, 6, 17)  # uint8, int16, int8, uint16
TRAINING = ("train", "learning_phase", "phase")  # in the names of placeholders that are false at inference
GIVE = "give --inputShape (height,width,channels)"


@rule("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
def placeholder(net: Net, node: TfNode, default: Tensor | None = None) -> Tensor:
    kind = KINDS.get(node.dtype("dtype"), "S") if node.has("dtype") else "f"
    if default is not None and default.constant and default.shape == ():
        return default
    if kind == "b" and default is None:
        if any(word in node.name.lower() for word in TRAINING):
            return replace(constant(np.array(False)), name=node.name)
        raise Refused("a boolean input", "freeze the graph with its value")
    if kind == "S":
        raise Refused("an input of strings or of an unknown type", "name a node after it in --inputShape as the input")
    shape = _shape(net, node, _declared(node))
    dims = tuple(-1 if size == BATCH else size for size in shape)
    return net.emit("DataInput", node, [], shape, kind=kind, shape=dims)


@rule("QueueDequeueManyV2", "QueueDequeueUpToV2", "QueueDequeueV2", "IteratorGetNext", "IteratorGetNextSync")
def queue(net: Net, node: TfNode, *inputs: Tensor) -> list[Tensor]:
    """The queue of training data: an input for each component whose shape is known."""
    shapes = node.attr["_output_shapes"].list.shape if node.has("_output_shapes") else []
    types: Any = next((node.attr[key].list.type for key in ("component_types", "output_types") if node.has(key)), [])
    found: list[Any] = []
    for index, dtype in enumerate(types):
        declared = _dims(shapes[index]) if index < len(shapes) else None
        if KINDS.get(dtype, "S") == "S":
            found.append(Tensor((), "S", node.name))
            continue
        if index and declared is None:
            break
        shape = _shape(net, node, declared)
        dims = tuple(-1 if size == BATCH else size for size in shape)
        name = f"/{index}" if index else ""
        found.append(net.emit("DataInput", node, [], shape, kind=KINDS[dtype], name=name, shape=dims))
    return found


def _declared(node: TfNode) -> list[int | None] | None:
    """The shape that the file gives, None for open sizes or an open rank."""
    if node.has("shape") and not node.attr["shape"].shape.unknown_rank:
        found = _dims(node.attr["shape"].shape)
        if found or not node.has("_output_shapes"):
            return found
    if node.has("_output_shapes") and len(node.attr["_output_shapes"].list.shape):
        return _dims(node.attr["_output_shapes"].list.shape[0])
    return None


def _dims(shape: Any) -> list[int | None] | None:
    return None if shape.unknown_rank else [None if dim.size < 0 else int(dim.size) for dim in shape.dim]


def _shape(net: Net, node: TfNode, declared: list[int | None] | None) -> Shape:
    given = net.shapes.get(node.name)
    sizes = declared
    if given is not None:
        whole = declared is not None and len(given) == len(declared) or declared is None and len(given) != 3
        sizes = list(given) if whole else [declared[0] if declared else None, *given]
        if declared is not None and len(sizes) != len(declared):
            raise Refused(f"an input of {len(declared)} axes, and the shape {list(given)}", GIVE)
    if sizes is None:
        raise Refused("an input of unknown shape", GIVE)
    if any(size is None for size in sizes[1:]):
        shown = ", ".join("?" if size is None else str(size) for size in sizes)
        raise Refused(f"an input of shape [{shown}]", GIVE)
    return tuple(BATCH if size is None else size for size in sizes)


@rule("Const")
def const(net: Net, node: TfNode) -> Tensor:
    return replace(constant(read_constant(node)), name=net.body.prefix + node.name)


@rule("VariableV2", "Variable", "AutoReloadVariable")
def variable(net: Net, node: TfNode) -> Tensor:
    return _variable(net, net.body.prefix + node.name, node.name, node.text("shared_name"))


@rule("VarHandleOp")
def handle(net: Net, node: TfNode) -> Tensor:
    return Tensor((), "R", node.name, resource=f"{node.name}\n{node.text('shared_name')}")


@rule("ReadVariableOp")
def read_variable(net: Net, node: TfNode, handle: Tensor) -> Tensor:
    if handle.constant:
        return handle
    if handle.resource is None:
        raise Refused("it reads a variable that is not in the file")
    return _variable(net, handle.name, *handle.resource.split("\n"))


def _variable(net: Net, name: str, *keys: str) -> Tensor:
    variables = net.model.variables
    if variables is None:
        raise Refused("the graph has variables, but there is no checkpoint", "give the weights, or freeze the graph")
    key = variables.key(*(key for key in keys if key))
    if key is None:
        names = " or ".join(repr(key) for key in dict.fromkeys(keys) if key)
        raise Refused(f"the checkpoint {variables.prefix} has no variable {names}", "give the checkpoint of this graph")
    kind = {"u": "i", "O": "S", "V": "f"}.get(variables.kind(key), variables.kind(key))
    return Tensor(variables.shape(key), kind, name, load=lambda: variables.read(key))


@rule("Shape", "ShapeN")
def shape_of(net: Net, node: TfNode, *inputs: Tensor) -> list[Tensor]:
    return [replace(constant(np.array(x.shape, np.int64)), name=net.body.prefix + node.name) for x in inputs]


@rule("Size")
def size_of(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return constant(np.array(int(np.prod(x.shape, dtype=object)), np.int64), node.name)


@rule("Rank")
def rank_of(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return constant(np.array(len(x.shape)), node.name)


@rule("IdentityN")
def identity_n(net: Net, node: TfNode, *inputs: Tensor) -> list[Tensor]:
    return list(inputs)


@rule("Cast")
def cast(net: Net, node: TfNode, x: Tensor) -> Tensor:
    kind = KINDS.get(node.dtype("DstT"), "S")
    maker = net.nodes.get(x.edge)
    narrowed = node.dtype("DstT") in NARROW and node.dtype("SrcT") != node.dtype("DstT")
    if narrowed and (maker is None or maker.op not in ("ArgMax", "ArgMin")):
        raise Refused("a cast of data to integers of 8 or 16 bits, which wrap", "cast to int32")
    if kind == "f" and x.kind in "fib" or kind == "i" and x.kind == "i" or kind == x.kind:
        return replace(x, kind=kind)
    if kind == "i" and x.kind == "f":
        return net.emit("Cast", node, [x], x.shape, kind="i", dstType="int")
    raise Refused(f"a cast of data to type {node.dtype('DstT')}")

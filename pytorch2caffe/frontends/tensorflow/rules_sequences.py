"""Sequences of tensors that loops read and write: TensorFlow 1's TensorArray, TensorFlow 2's TensorList.

A sequence is a Tensor with `elements`; in TensorFlow 1 that is the flow beside the handle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from .convert import Net, rule
from .fold_arrays import MOST_PARTS
from .node import DEPENDS_ON_BATCH, Tensor, TfNode, constant
from .rules_arrays import pack, unpack

Elements = Sequence[Tensor | None]


def sequence(node: TfNode, elements: Elements) -> Tensor:
    return Tensor((), "R", node.name, elements=tuple(elements))


def elements_of(x: Tensor) -> Elements:
    if x.elements is None:
        raise Refused("it reads a sequence of tensors that was not made in this graph")
    return x.elements


def reserved(node: TfNode, size: Tensor) -> Tensor:
    """A sequence of which nothing was written yet."""
    count = size.integer()
    if count >= DEPENDS_ON_BATCH:
        raise Refused("a loop over the samples of an open batch", "fix the batch size: give --inputShape with it")
    if not 0 <= count <= MOST_PARTS:
        raise Refused(f"a sequence of {count} tensors")
    return sequence(node, [None] * count)


def element(x: Tensor | None) -> Tensor:
    """An element that was written. Raises Refused for what has no numbers of its own."""
    if x is None:
        raise Refused("an element of a sequence is read before it is written")
    if x.repeated or x.spread or x.random:
        raise Refused("a sequence of constants as large as the batch", "fix the batch size: give --inputShape with it")
    return x


def parts(net: Net, node: TfNode, x: Tensor) -> list[Tensor]:
    """A tensor's entries along its first axis. Of a transposed tensor: of the axis that was moved to the front."""
    element(x)
    if x.constant:
        return [constant(array, f"{x.name}/{index}") for index, array in enumerate(x.array())]
    before = net.before(x, "Transpose")
    if before is not x:
        first, *rest = net.nodes[x.edge].attrs["perm"]
        if rest == sorted(rest):
            return unpack(net, node, before, first)
    return unpack(net, node, x, 0)


def stacked(net: Net, node: TfNode, elements: Elements) -> Tensor:
    whole = [element(x) for x in elements]
    if not whole:
        raise Refused("a stack of no tensors")
    if all(x.constant for x in whole):
        return constant(np.stack([x.array() for x in whole]), node.name)
    return pack(net, node, *whole)


def written(node: TfNode, x: Tensor, index: Tensor, value: Tensor) -> Tensor:
    at, elements = index.integer(), list(elements_of(x))
    if not 0 <= at <= MOST_PARTS:
        raise Refused(f"element {at} of a sequence is written")
    elements += [None] * (at + 1 - len(elements))
    elements[at] = value
    return sequence(node, elements)


def chosen(x: Tensor, index: int) -> Tensor | None:
    elements = elements_of(x)
    if not 0 <= index < len(elements):
        raise Refused(f"element {index} of a sequence of {len(elements)} is read")
    return elements[index]


# ---- TensorFlow 1 ---------------------------------------------------------------------------------------------------


@rule("TensorArrayV3")
def tensor_array(net: Net, node: TfNode, size: Tensor) -> list[Tensor]:
    flow = reserved(node, size)
    return [replace(flow, elements=None), flow]


@rule("TensorArrayReadV3")
def array_read(net: Net, node: TfNode, handle: Tensor, index: Tensor, flow: Tensor) -> Tensor:
    return element(chosen(flow, index.integer()))


@rule("TensorArrayWriteV3")
def array_write(net: Net, node: TfNode, handle: Tensor, index: Tensor, value: Tensor, flow: Tensor) -> Tensor:
    return written(node, flow, index, value)


@rule("TensorArrayScatterV3")
def array_scatter(net: Net, node: TfNode, handle: Tensor, indices: Tensor, value: Tensor, flow: Tensor) -> Tensor:
    for index, part in zip(indices.integers(), parts(net, node, value), strict=True):
        flow = written(node, flow, constant(np.array(index)), part)
    return flow


@rule("TensorArrayGatherV3")
def array_gather(net: Net, node: TfNode, handle: Tensor, indices: Tensor, flow: Tensor) -> Tensor:
    return stacked(net, node, [chosen(flow, index) for index in indices.integers()])


@rule("TensorArraySizeV3")
def array_size(net: Net, node: TfNode, handle: Tensor, flow: Tensor) -> Tensor:
    return constant(np.array(len(elements_of(flow))), node.name)


# ---- TensorFlow 2 ---------------------------------------------------------------------------------------------------


@rule("TensorListReserve")
def list_reserve(net: Net, node: TfNode, shape: Tensor, size: Tensor) -> Tensor:
    return reserved(node, size)


@rule("TensorListFromTensor")
def list_from(net: Net, node: TfNode, x: Tensor, shape: Tensor) -> Tensor:
    return sequence(node, parts(net, node, x))


@rule("TensorListGetItem")
def list_get(net: Net, node: TfNode, x: Tensor, index: Tensor, shape: Tensor) -> Tensor:
    return element(chosen(x, index.integer()))


@rule("TensorListSetItem")
def list_set(net: Net, node: TfNode, x: Tensor, index: Tensor, value: Tensor) -> Tensor:
    return written(node, x, index, value)


@rule("TensorListStack")
def list_stack(net: Net, node: TfNode, x: Tensor, shape: Tensor) -> Tensor:
    return stacked(net, node, elements_of(x))


@rule("TensorListLength")
def list_length(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return constant(np.array(len(elements_of(x))), node.name)

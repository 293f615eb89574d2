"""NodeDefs and TensorProtos, binary or parsed. Large constants stay in the file."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from caffe_proto import wire

from ...errors import Refused
from .fold import bounded
from .node import TfNode
from .package import tensorflow

FLOATS = {1: "<f4", 2: "<f8", 19: "<f2"}


def node_def(data: bytes) -> Any:
    return tensorflow("tensorflow.core.framework.node_def_pb2").NodeDef.FromString(data)


def tf_node(definition: Any) -> TfNode:
    """A NodeDef of a GraphDef."""
    inputs = [split_edge(edge) for edge in definition.input if not edge.startswith("^")]
    return TfNode(definition.name, definition.op, inputs, definition.attr)


def split_edge(edge: str) -> tuple[str, int]:
    """The node and the output that an edge of a GraphDef names.

    >>> split_edge("split:2"), split_edge("conv")
    (('split', 2), ('conv', 0))
    """
    name, colon, index = edge.rpartition(":")
    return (name, int(index)) if colon and index.isdecimal() and len(index) < 9 else (edge, 0)


def large_constant(buffer: mmap.mmap, node: wire.Field) -> TfNode | None:
    """A Const of floats whose bytes stay in the file; None for any other node."""
    name, tensor = "", None
    for part in wire.fields(buffer, node.start, node.stop):
        if part.number == 1:
            name = wire.text(buffer, part)
        elif part.number == 2 and wire.text(buffer, part) != "Const":
            return None
        elif part.number == 5:
            tensor = _tensor_of_attr(buffer, part) or tensor
    if tensor is None:
        return None
    dtype, shape, content = 0, None, None
    for part in wire.fields(buffer, tensor.start, tensor.stop):
        if part.number == 1:
            dtype = wire.signed(buffer, part)
        elif part.number == 2:
            shape = _shape(buffer[part.start : part.stop])
        elif part.number == 4 or (part.number == 5 and part.wire_type == wire.BYTES):
            content = part
    if dtype not in FLOATS or shape is None or content is None:
        return None
    size = int(np.prod(shape, dtype=object))
    if content.stop - content.start != size * np.dtype(FLOATS[dtype]).itemsize:
        return None
    array = np.frombuffer(buffer, FLOATS[dtype], size, content.start).reshape(shape)
    return TfNode(name, "Const", [], {}, array if dtype == 1 else array.astype(np.float32))


def _tensor_of_attr(buffer: mmap.mmap, attr: wire.Field) -> wire.Field | None:
    key, value = "", None
    for part in wire.fields(buffer, attr.start, attr.stop):
        if part.number == 1:
            key = wire.text(buffer, part)
        elif part.number == 2:
            value = part
    if key != "value" or value is None:
        return None
    return next((part for part in wire.fields(buffer, value.start, value.stop) if part.number == 8), None)


def _shape(data: bytes) -> tuple[int, ...]:
    message = tensorflow("tensorflow.core.framework.tensor_shape_pb2").TensorShapeProto.FromString(data)
    return tuple(int(dim.size) for dim in message.dim)


def array_of(proto: Any) -> np.ndarray:
    """A TensorProto as an array. Raises Refused if its shape does not fit its contents."""
    shape = bounded([int(dim.size) for dim in proto.tensor_shape.dim])
    size = int(np.prod(shape))
    if proto.dtype not in TYPES:
        raise Refused(f"a constant of data type {proto.dtype}")
    dtype, key = TYPES[proto.dtype]
    if proto.tensor_content:
        array = np.frombuffer(proto.tensor_content, dtype)
    else:
        values = getattr(proto, key)
        array = np.array(list(values), object if dtype == "O" else "<u2" if key == "half_val" else dtype)
        array = array.view(dtype) if key == "half_val" else array
        if 0 < array.size < size:  # the last one repeated
            array = np.concatenate([array, np.broadcast_to(array[-1], size - array.size)])
    if array.size == 0 < size and not proto.tensor_content:
        array = np.zeros(size, dtype)
    if array.size != size:
        raise Refused(f"a constant of shape {list(shape)} with {array.size} numbers")
    if proto.dtype == BFLOAT16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.reshape(shape)


BFLOAT16 = 14
TYPES = {
    1: ("<f4", "float_val"),
    2: ("<f8", "double_val"),
    3: ("<i4", "int_val"),
    4: ("u1", "int_val"),
    5: ("<i2", "int_val"),
    6: ("i1", "int_val"),
    7: ("O", "string_val"),
    9: ("<i8", "int64_val"),
    10: ("?", "bool_val"),
    14: ("<u2", "half_val"),
    17: ("<u2", "int_val"),
    19: ("<f2", "half_val"),
    22: ("<u4", "uint32_val"),
    23: ("<u8", "uint64_val"),
}

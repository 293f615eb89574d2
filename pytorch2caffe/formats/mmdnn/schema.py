"""MMdnn's graph.proto as message classes, separate from every other copy in the process.

Field numbers are those of MMdnn; they are TensorFlow's except for DataType, GraphDef.version and NodeDef.attr.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool

from caffe_proto.schema import class_in

PACKAGE = "pytorch2caffe.ir"  # MMdnn's own has none, and so collides with others

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "uint64": _FIELD.TYPE_UINT64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
}
DATA_TYPES = [
    "UNDEFINED",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "FLOAT16",
    "FLOAT32",
    "FLOAT64",
    "COMPLEX64",
    "COMPLEX128",
    "BOOL",
    "STRING",
]

# message -> fields: (number, name, type), a type with * being repeated
MESSAGES = {
    "GraphDef": [(1, "node", "NodeDef*"), (2, "version", "int32")],
    "NodeDef": [(1, "name", "string"), (2, "op", "string"), (3, "input", "string*"), (4, "attr", "NodeDef.AttrEntry*")],
    "NodeDef.AttrEntry": [(1, "key", "string"), (2, "value", "AttrValue")],
    "AttrValue": [
        (1, "list", "AttrValue.ListValue"),
        (2, "s", "bytes"),
        (3, "i", "int64"),
        (4, "f", "float"),
        (5, "b", "bool"),
        (6, "type", "DataType"),
        (7, "shape", "TensorShape"),
        (8, "tensor", "LiteralTensor"),
    ],
    "AttrValue.ListValue": [
        (2, "s", "bytes*"),
        (3, "i", "int64*"),
        (4, "f", "float*"),
        (5, "b", "bool*"),
        (6, "type", "DataType*"),
        (7, "shape", "TensorShape*"),
        (8, "tensor", "LiteralTensor*"),
    ],
    "TensorShape": [(2, "dim", "TensorShape.Dim*"), (3, "unknown_rank", "bool")],
    "TensorShape.Dim": [(1, "size", "int64"), (2, "name", "string")],
    "LiteralTensor": [
        (1, "dtype", "DataType"),
        (2, "tensor_shape", "TensorShape"),
        (3, "version_number", "int32"),
        (4, "tensor_content", "bytes"),
        (5, "int_val", "int32*"),
        (6, "uint_val", "int32*"),
        (7, "int64_val", "int64*"),
        (8, "uint64_val", "uint64*"),
        (9, "float_val", "float*"),
        (10, "double_val", "double*"),
        (11, "bool_val", "bool*"),
        (12, "string_val", "bytes*"),
    ],
}


@lru_cache
def message_class(name: str) -> type[Any]:
    """The protobuf class of one of MMdnn's messages: "GraphDef", "NodeDef" ..."""
    return class_in(_pool(), f"{PACKAGE}.{name}")


@lru_cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto3")
    enum = file.enum_type.add(name="DataType")
    for number, name in enumerate(DATA_TYPES):
        enum.value.add(name=f"DT_{name}", number=number)
    messages: dict[str, Any] = {}
    for path, fields in MESSAGES.items():
        outer, _, name = path.rpartition(".")
        message = messages[outer].nested_type.add(name=name) if outer else file.message_type.add(name=name)
        messages[path] = message
        for number, field, kind in fields:
            _field(message, number, field, kind)
    messages["NodeDef.AttrEntry"].options.map_entry = True
    value = messages["AttrValue"]
    value.oneof_decl.add(name="value")
    for field in value.field:
        field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _field(message: Any, number: int, name: str, kind: str) -> None:
    base = kind.rstrip("*")
    field = message.field.add(name=name, number=number)
    field.label = _FIELD.LABEL_REPEATED if kind.endswith("*") else _FIELD.LABEL_OPTIONAL
    if base in _TYPES:
        field.type = _TYPES[base]
    else:
        field.type = _FIELD.TYPE_ENUM if base == "DataType" else _FIELD.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{base}"

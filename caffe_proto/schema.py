"""caffe.proto as message classes, created at first use, separate from every other copy in the process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from .tokens import Tokens

PACKAGE = "pytorch2caffe.caffe"  # not Caffe's own: pycaffe may be loaded in the same process
SOURCE = Path(__file__).with_name("caffe.proto")

_FIELD = descriptor_pb2.FieldDescriptorProto
_LABELS = {
    "optional": _FIELD.LABEL_OPTIONAL,
    "required": _FIELD.LABEL_REQUIRED,
    "repeated": _FIELD.LABEL_REPEATED,
}
_SCALARS = {
    "bool": _FIELD.TYPE_BOOL,
    "bytes": _FIELD.TYPE_BYTES,
    "double": _FIELD.TYPE_DOUBLE,
    "float": _FIELD.TYPE_FLOAT,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "string": _FIELD.TYPE_STRING,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
}


@lru_cache
def message_class(name: str) -> type[Any]:
    """The protobuf class of one of Caffe's messages.

    name: as in caffe.proto, "NetParameter", "LayerParameter" ...
    Raises KeyError if caffe.proto has no such message.
    """
    return class_in(_pool(), f"{PACKAGE}.{name}")


def class_in(pool: descriptor_pool.DescriptorPool, name: str) -> type[Any]:
    """The protobuf class of a message of a pool, by its full name. Raises KeyError if the pool has none."""
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    factory: Any = message_factory.MessageFactory(pool)  # protobuf before 4.22
    return factory.GetPrototype(descriptor)


def is_repeated(field: Any) -> bool:
    """Whether a field of a message is a list."""
    found = getattr(field, "is_repeated", None)  # protobuf from 6.31 on
    return field.label == _FIELD.LABEL_REPEATED if found is None else found


@lru_cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(parse_schema(SOURCE.read_text(encoding="utf-8")).SerializeToString())
    return pool


def parse_schema(text: str) -> descriptor_pb2.FileDescriptorProto:
    """The part of the proto2 language that caffe.proto uses, as a descriptor under our own package name."""
    tokens = Tokens(text, SOURCE.name, schema=True)
    file = descriptor_pb2.FileDescriptorProto(name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto2")
    while tokens.next.kind != "end":
        if tokens.accept("message"):
            _message(tokens, file.message_type.add())
        elif tokens.accept("enum"):
            _enum(tokens, file.enum_type.add())
        else:  # syntax, package
            while not tokens.accept(";"):
                tokens.take()
    _resolve(file)
    return file


def _message(tokens: Tokens, message: Any) -> None:
    message.name = tokens.take().text
    tokens.expect("{")
    while not tokens.accept("}"):
        if tokens.accept("enum"):
            _enum(tokens, message.enum_type.add())
        else:
            _field(tokens, message.field.add())


def _enum(tokens: Tokens, enum: Any) -> None:
    enum.name = tokens.take().text
    tokens.expect("{")
    while not tokens.accept("}"):
        value = enum.value.add(name=tokens.take().text)
        tokens.expect("=")
        value.number = int(tokens.take().text)
        tokens.expect(";")


def _field(tokens: Tokens, field: Any) -> None:
    field.label = _LABELS[tokens.take().text]
    field.type_name = tokens.take().text
    while tokens.accept("."):
        field.type_name += "." + tokens.take().text
    field.name = tokens.take().text
    tokens.expect("=")
    field.number = int(tokens.take().text)
    if tokens.accept("["):
        _options(tokens, field)
    tokens.expect(";")


def _options(tokens: Tokens, field: Any) -> None:
    while not tokens.accept("]"):
        name = tokens.take().text
        tokens.expect("=")
        value = ("-" if tokens.accept("-") else "") + tokens.take().text
        if name == "packed":
            field.options.packed = value == "true"
        else:
            field.default_value = value.strip('"')
        tokens.accept(",")


def _resolve(file: Any) -> None:
    """Sets whether each field is a scalar, an enum or a message."""
    messages = {message.name for message in file.message_type}
    enums = {enum.name for enum in file.enum_type}
    enums |= {f"{message.name}.{enum.name}" for message in file.message_type for enum in message.enum_type}
    for message in file.message_type:
        for field in message.field:
            name = field.type_name
            if name in _SCALARS:
                field.type = _SCALARS[name]
                field.ClearField("type_name")
                continue
            inner = f"{message.name}.{name}"
            name = inner if inner in enums else name
            if name not in enums | messages:
                raise ValueError(f"{message.name}.{field.name}: type {name} is not in caffe.proto")
            field.type = _FIELD.TYPE_ENUM if name in enums else _FIELD.TYPE_MESSAGE
            field.type_name = f".{PACKAGE}.{name}"

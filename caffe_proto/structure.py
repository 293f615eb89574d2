"""The structure of a caffemodel: its bytes without the blobs, few enough for protobuf itself to read."""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from . import wire
from .errors import CaffeFormatError
from .schema import is_repeated, message_class

MOST_BYTES = 1 << 23  # of structure; real networks have less than a megabyte


class Layout(NamedTuple):
    """Field numbers of a generation's layer message; inner is the number of a V0 layer within, 0 for none."""

    message: str
    name: int
    type: int
    blobs: int
    inner: int = 0


V2 = Layout("LayerParameter", name=1, type=2, blobs=7)
V1 = Layout("V1LayerParameter", name=4, type=5, blobs=6, inner=1)
V0 = Layout("V0LayerParameter", name=1, type=2, blobs=50)

LAYER_FIELDS = {100: V2, 2: V1}  # the fields of NetParameter that hold layers

# The field number of a layer type's parameter in ncnn's caffe.proto, and in ours ...
_OURS = {
    ("ShuffleChannel", 145): 10001,
    ("Reorg", 147): 10002,
    ("ROIAlign", 148): 10003,
    ("PSROIPooling", 149): 10004,
}
# ... because BVLC has these numbers for other types.
_BVLC = {145: "Parameter", 147: "Swish", 148: "Clip"}


def without_blobs(buffer: wire.Buffer) -> bytes:
    """The NetParameter in a file, re-encoded without blobs and without fields that are not in caffe.proto."""
    known = message_class("NetParameter").DESCRIPTOR.fields_by_number
    net = bytearray()
    for part in wire.fields(buffer, 0, len(buffer)):
        if part.number in LAYER_FIELDS:
            _append(net, part.number, _layer(buffer, part, LAYER_FIELDS[part.number]))
        elif part.number in known:
            _copy(net, buffer, part)
    return bytes(net)


def _layer(buffer: wire.Buffer, part: wire.Field, layout: Layout) -> bytearray:
    known = message_class(layout.message).DESCRIPTOR.fields_by_number
    parts = list(wire.fields(buffer, part.start, part.stop))
    kind = next((wire.text(buffer, field) for field in parts if layout is V2 and field.number == V2.type), "")
    layer = bytearray()
    for field in parts:
        if field.number == layout.blobs:
            continue
        if layout.inner and field.number == layout.inner:
            _append(layer, field.number, _layer(buffer, field, V0))
        elif layout is V2 and (kind, field.number) in _OURS:
            _append(layer, _OURS[kind, field.number], bytearray(buffer[field.start : field.stop]))
        elif field.number in known and (layout is not V2 or _BVLC.get(field.number, kind) == kind):
            _copy(layer, buffer, field)
    return layer


def _append(out: bytearray, number: int, content: bytearray) -> None:
    _check_size(len(out) + len(content))
    out += wire.encode_tag(number) + wire.encode_varint(len(content)) + content


def _copy(out: bytearray, buffer: wire.Buffer, field: wire.Field) -> None:
    _check_size(len(out) + field.stop - field.begin)
    out += buffer[field.begin : field.stop]


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise CaffeFormatError(f"more than {MOST_BYTES:,} bytes without the weights: not a network")


def check_strings(message: Any) -> None:
    """Raises CaffeFormatError for a string that is not UTF-8, which protobuf may return as bytes."""
    for field, value in message.ListFields():
        for one in value if is_repeated(field) else [value]:
            if field.message_type is not None:
                check_strings(one)
            elif field.type == FieldDescriptor.TYPE_STRING and not isinstance(one, str):
                raise CaffeFormatError(f"{field.full_name.rpartition('.')[2]} is not UTF-8")

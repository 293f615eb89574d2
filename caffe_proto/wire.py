"""The wire format of protobuf, read directly: the position of each field of a message; nothing is copied.

A message is a sequence of fields; a field is a tag (number * 8 + wire type, a varint) and a value.
Source: the documentation of protobuf, "Encoding".
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import NamedTuple

from .errors import CaffeFormatError

Buffer = mmap.mmap | bytes

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MOST_FIELDS = 100_000  # of one message; the largest published networks have about 2,000 layers


class Field(NamedTuple):
    """One field: its tag starts at begin, its value (of BYTES: without the length) from start to stop."""

    number: int
    wire_type: int
    begin: int
    start: int
    stop: int


def varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    """The unsigned number at a position, at most 64 bits, and the position after it."""
    value = shift = 0
    while position < end:
        byte = buffer[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if value >> 64:
                break
            return value, position
        shift += 7
        if shift == 70:
            break
    raise CaffeFormatError(f"byte {position}: a number is cut off or has more than 64 bits")


def field_at(buffer: Buffer, position: int, end: int) -> Field:
    """The field whose tag starts at a position; it must end by `end`."""
    tag, start = varint(buffer, position, end)
    number, wire_type = tag >> 3, tag & 7
    if not 0 < number < 1 << 29:
        raise CaffeFormatError(f"byte {position}: {number} is not a field number")
    if wire_type == VARINT:
        _, stop = varint(buffer, start, end)
    elif wire_type == BYTES:
        size, start = varint(buffer, start, end)
        stop = start + size
    elif wire_type in (FIXED32, FIXED64):
        stop = start + (4 if wire_type == FIXED32 else 8)
    else:
        raise CaffeFormatError(f"byte {position}: wire type {wire_type}, which Caffe's files do not have")
    if stop > end:
        raise CaffeFormatError(f"byte {position}: field {number} lacks {stop - end:,} bytes at its end")
    return Field(number, wire_type, position, start, stop)


def fields(buffer: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two positions, in order."""
    for _ in range(MOST_FIELDS):
        if start == end:
            return
        field = field_at(buffer, start, end)
        yield field
        start = field.stop
    raise too_many(start)


def too_many(position: int) -> CaffeFormatError:
    """The error for a message with more than MOST_FIELDS fields."""
    return CaffeFormatError(f"byte {position}: more than {MOST_FIELDS:,} fields in one message: not a network")


def signed(buffer: Buffer, field: Field) -> int:
    """The value of an int32, int64 or enum field."""
    expect(field, VARINT)
    value, _ = varint(buffer, field.start, field.stop)
    return value - (1 << 64) if value >> 63 else value


def text(buffer: Buffer, field: Field) -> str:
    """The value of a string field."""
    expect(field, BYTES)
    try:
        return buffer[field.start : field.stop].decode()
    except UnicodeDecodeError:
        raise CaffeFormatError(f"byte {field.start}: a name is not UTF-8") from None


def expect(field: Field, wire_type: int) -> None:
    """Raises unless the field has this wire type."""
    if field.wire_type != wire_type:
        raise CaffeFormatError(
            f"byte {field.begin}: field {field.number} has wire type {field.wire_type}, not {wire_type}"
        )


def encode_varint(value: int) -> bytes:
    """An unsigned number as a varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_tag(number: int, wire_type: int = BYTES) -> bytes:
    """The tag that starts a field."""
    return encode_varint(number << 3 | wire_type)

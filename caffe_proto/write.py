"""Writing prototxt and caffemodel, each completely or not at all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor

from . import wire
from .blobs import check_shape, to_float32
from .dicts import from_dict
from .errors import CaffeFormatError
from .files import FilePath, atomic_write
from .schema import is_repeated

MOST_BYTES = 2**31 - 1  # what protobuf reads at once in C++, and so Caffe

Piece = bytes | np.ndarray  # of a file: encoded bytes, or the numbers of a blob

_LAYER, _BLOBS, _DATA, _SHAPE, _DIM = 100, 7, 5, 7, 1


def write_prototxt(net: Any, path: FilePath, comment: str = "") -> None:
    """Writes a network as text, without weights.

    net:     a NetParameter, or a dict as to_dict returns it.
    comment: the first line, plain ASCII.
    Raises CaffeFormatError if a dict is not a network or a required field is missing.
    """
    text = (f"# {comment}\n" if comment else "") + to_text(_checked(net))
    with atomic_write(path, "w", encoding="ascii") as stream:
        stream.write(text)


def write_caffemodel(net: Any, blobs: Sequence[Sequence[np.ndarray]], path: FilePath) -> None:
    """Writes a network with its weights, one blob at a time, without a second copy of the weights.

    net:   a NetParameter in the current format, or a dict as to_dict returns it; blobs in it are ignored.
    blobs: for each layer of `net` its arrays in Caffe's order, of any real type; written as float32.

    The bytes are those that protobuf writes for the complete message. Raises CaffeFormatError if the two do not
    match, if a number is beyond float32, or if the file would have more than 2^31 - 1 bytes, which Caffe cannot
    read. Then no file is written.
    """
    head, layers = _pieces(_checked(net), blobs)
    size = _total(head, *layers)
    if size > MOST_BYTES:
        raise CaffeFormatError(f"{path}: it would have {size:,} bytes; Caffe reads up to {MOST_BYTES:,}")
    with atomic_write(path) as stream:
        for piece in itertools.chain(head, *layers):
            _write(stream, piece)


def caffemodel_bytes(net: Any, blobs: Sequence[Sequence[np.ndarray]]) -> int:
    """The size of the file that write_caffemodel would write, whether Caffe could read it or not."""
    head, layers = _pieces(_checked(net), blobs)
    return _total(head, *layers)


def split_layers(net: Any, blobs: Sequence[Sequence[np.ndarray]], most_bytes: int = MOST_BYTES) -> list[slice]:
    """Which layers to write into each file, so that none has more than `most_bytes`; one slice if one file does.

    net, blobs: as for write_caffemodel. Each file gets as many layers, in order, as fit.
    Raises CaffeFormatError for a layer that does not fit in a file of its own.
    """
    message = _checked(net)
    head, layers = _pieces(message, blobs)
    starts, filled = [0], _total(head)
    for index, layer in enumerate(layers):
        alone = _total(head, layer)
        if alone > most_bytes:
            name = message.layer[index].name
            raise CaffeFormatError(f"layer {name!r} alone makes {alone:,} bytes; a file may have {most_bytes:,}")
        filled += _total(layer)
        if filled > most_bytes:
            starts.append(index)
            filled = alone
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], len(layers)], strict=True)]


def _pieces(message: Any, blobs: Sequence[Sequence[np.ndarray]]) -> tuple[list[Piece], list[list[Piece]]]:
    """The pieces of the network itself, and of each layer."""
    if len(blobs) != len(message.layer):
        raise CaffeFormatError(f"weights for {len(blobs)} layers; the network has {len(message.layer)}")
    head = type(message)()
    head.CopyFrom(message)
    head.ClearField("layer")
    pairs = zip(message.layer, blobs, strict=True)
    return [_bytes(head)], [_layer(layer, [np.asarray(array) for array in arrays]) for layer, arrays in pairs]


def _total(*parts: Sequence[Piece]) -> int:
    return sum(_size(piece) for part in parts for piece in part)


def _checked(net: Any) -> Any:
    message = from_dict(net) if isinstance(net, Mapping) else net
    if message.layers:
        raise CaffeFormatError("`layers` is an earlier version of the format; upgrade the network first")
    missing = message.FindInitializationErrors()
    if missing:
        raise CaffeFormatError(f"required fields are missing: {', '.join(missing)}")
    return message


def _layer(layer: Any, arrays: list[np.ndarray]) -> list[Piece]:
    """A layer as pieces to write: bytes, and the arrays between them, in the order of the field numbers."""
    before, after = type(layer)(), type(layer)()
    before.CopyFrom(layer)
    after.CopyFrom(layer)
    for field, _ in layer.ListFields():
        if field.number >= _BLOBS:
            before.ClearField(field.name)
        if field.number <= _BLOBS:
            after.ClearField(field.name)
    pieces: list[Piece] = [_bytes(before)]
    for index, array in enumerate(arrays):
        try:
            pieces += _blob(array)
        except CaffeFormatError as error:
            raise CaffeFormatError(f"layer {layer.name!r}, blob {index}: {error}") from None
    pieces.append(_bytes(after))
    return [_head(_LAYER, _total(pieces)), *pieces]


def _blob(array: np.ndarray) -> list[Piece]:
    check_shape(list(array.shape))
    if array.dtype.kind not in "fiub":
        raise CaffeFormatError(f"numbers of type {array.dtype}; Caffe holds float32")
    head = _head(_DATA, 4 * array.size) if array.size else b""
    tail = b""
    if array.shape:  # Caffe writes none for a scalar; it accepts an empty one, OpenCV does not
        dims = b"".join(wire.encode_varint(dim) for dim in array.shape)
        shape = _head(_DIM, len(dims)) + dims
        tail = _head(_SHAPE, len(shape)) + shape
    return [_head(_BLOBS, len(head) + 4 * array.size + len(tail)) + head, array, tail]


def _head(number: int, size: int) -> bytes:
    """The start of a field of `size` bytes."""
    return wire.encode_tag(number) + wire.encode_varint(size)


def _size(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else 4 * piece.size


def _write(stream: IO[bytes], piece: Piece) -> None:
    if isinstance(piece, bytes):
        stream.write(piece)
    elif piece.size:
        stream.write(np.ascontiguousarray(to_float32(piece)).reshape(-1).view(np.uint8).data)


def _bytes(message: Any) -> bytes:
    return message.SerializePartialToString(deterministic=True)


def to_text(message: Any) -> str:
    """The text of a message: two spaces a level, a shape on one line, floats as short as float32 allows.

    Weights (`blobs` of layers) are omitted.
    """
    return "".join(_lines(message, ""))


def _lines(message: Any, indent: str) -> Iterator[str]:
    for field, values in message.ListFields():
        if field.name == "blobs":
            continue
        for value in values if is_repeated(field) else [values]:
            if field.message_type is None:
                yield f"{indent}{field.name}: {_word(field, value)}\n"
            elif field.message_type.name == "BlobShape":
                yield f"{indent}{field.name} {{ {''.join(f'dim: {dim} ' for dim in value.dim)}}}\n"
            else:
                yield f"{indent}{field.name} {{\n"
                yield from _lines(value, indent + "  ")
                yield f"{indent}}}\n"


def _word(field: Any, value: Any) -> str:
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _quoted(value if isinstance(value, bytes) else value.encode())
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "true" if value else "false"
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT and math.isfinite(value):
        return repr(float(str(np.float32(value))))  # numpy chooses the digits, Python formats them
    return str(value)


def _quoted(content: bytes) -> str:
    """Bytes as a string of the text format: ASCII, the rest as three octal digits."""
    marks = {10: r"\n", 13: r"\r", 9: r"\t", 34: r"\"", 92: r"\\"}
    return '"' + "".join(marks.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in content) + '"'

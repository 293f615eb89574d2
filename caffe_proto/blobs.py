"""A BlobProto as an array, in every form in which Caffe and its forks store numbers."""

from __future__ import annotations

import math

import numpy as np

from . import wire
from .errors import CaffeFormatError

MOST_AXES = 32  # Caffe's kMaxBlobAxes
MOST_VALUES = 2**31 - 1  # Caffe counts in int

_DIMS, _LEGACY = 7, (1, 2, 3, 4)  # shape; num, channels, height, width
_DATA, _DOUBLE_DATA, _RAW_TYPE, _RAW_DATA = 5, 8, 10, 12
_RAW = {0: "<f8", 1: "<f4", 2: "<f2"}  # NVIDIA's DOUBLE, FLOAT, FLOAT16


def read_blob(buffer: wire.Buffer, start: int, stop: int) -> np.ndarray:
    """The float32 array, read-only, of the BlobProto between two positions of a file.

    Packed floats in one piece, the usual form, are not copied: the array is a view of the buffer. It may not be
    aligned to 4 bytes, which numpy handles; np.require(array, requirements="A") copies it where that matters.
    Doubles, half floats and numbers in more than one piece are converted.
    """
    shape: list[int] | None = None
    legacy: dict[int, int] = {}
    raw_type, raw = 0, None
    numbers = {_DATA: _Numbers(buffer, "<f4"), _DOUBLE_DATA: _Numbers(buffer, "<f8")}
    position = start
    for _ in range(wire.MOST_FIELDS):
        if position == stop:
            break
        field = wire.field_at(buffer, position, stop)
        position = field.stop
        if field.number in numbers:
            position = numbers[field.number].add(field, stop)
        elif field.number == _DIMS:
            shape = _read_shape(buffer, field, shape or [])
        elif field.number in _LEGACY:
            legacy[field.number] = wire.signed(buffer, field)
        elif field.number == _RAW_TYPE:
            raw_type = wire.signed(buffer, field)
        elif field.number == _RAW_DATA:
            wire.expect(field, wire.BYTES)
            raw = field
    else:
        raise wire.too_many(position)
    if shape is None:
        shape = [legacy.get(number, 0) for number in _LEGACY] if legacy else []
    if raw is not None:
        if raw_type not in _RAW:
            raise CaffeFormatError(f"raw data of type {raw_type}, which is not double, float or half")
        numbers[_DATA] = _Numbers(buffer, _RAW[raw_type])
        numbers[_DATA].add(raw, stop)
    elif numbers[_DOUBLE_DATA].size:
        numbers[_DATA] = numbers[_DOUBLE_DATA]
    return _shaped(numbers[_DATA], shape)


def to_float32(array: np.ndarray) -> np.ndarray:
    """The same numbers as little-endian float32, the array itself if it is that already.

    Raises CaffeFormatError for types other than real numbers, and for finite numbers beyond float32.
    """
    if array.dtype.kind not in "fiub":
        raise CaffeFormatError(f"numbers of type {array.dtype}; Caffe holds float32")
    try:
        with np.errstate(over="raise"):
            return array.astype("<f4", copy=False)
    except FloatingPointError:
        raise CaffeFormatError("numbers beyond the range of float32") from None


def check_shape(shape: list[int]) -> int:
    """The number of values in a shape; raises CaffeFormatError for more than Caffe can store."""
    if len(shape) > MOST_AXES:
        raise CaffeFormatError(f"{len(shape)} axes; Caffe has at most {MOST_AXES}")
    if any(dim < 0 for dim in shape):
        raise CaffeFormatError(f"a negative dimension in its shape {_by(shape)}")
    if math.prod(max(dim, 1) for dim in shape) > MOST_VALUES:
        raise CaffeFormatError(f"shape {_by(shape)}; Caffe counts to {MOST_VALUES:,} values")
    return math.prod(shape)


class _Numbers:
    """The values of a list of numbers: a view if they are in one piece, else a copy."""

    def __init__(self, buffer: wire.Buffer, dtype: str) -> None:
        self.buffer = buffer
        self.dtype = np.dtype(dtype)
        self.piece = (0, 0)
        self.joined: bytearray | None = None

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.piece[1] - self.piece[0] if self.joined is None else len(self.joined)

    def add(self, field: wire.Field, stop: int) -> int:
        """Adds a field, and after a single value also those that follow directly; returns the position after them."""
        width = self.dtype.itemsize
        if field.wire_type == wire.BYTES:
            if (field.stop - field.start) % width:
                raise CaffeFormatError(f"byte {field.begin}: its size is not a multiple of {width}")
            if self.size == 0:
                self.piece = (field.start, field.stop)
            else:
                self._join(self.buffer[field.start : field.stop])
            return field.stop
        wire.expect(field, wire.FIXED32 if width == 4 else wire.FIXED64)
        count = _run(self.buffer, field, stop)
        step = field.stop - field.begin
        rows = np.frombuffer(self.buffer, np.uint8, count * step, field.begin).reshape(count, step)
        self._join(rows[:, -width:].tobytes())
        return field.begin + count * step

    def _join(self, more: bytes) -> None:
        if self.joined is None:
            self.joined = bytearray(self.buffer[self.piece[0] : self.piece[1]])
        self.joined += more

    def array(self) -> np.ndarray:
        count = self.size // self.dtype.itemsize
        if count == 0:
            return np.zeros(0, "<f4")
        if self.joined is not None:
            return np.frombuffer(self.joined, self.dtype, count)
        return np.frombuffer(self.buffer, self.dtype, count, self.piece[0])


def _run(buffer: wire.Buffer, field: wire.Field, stop: int) -> int:
    """The number of consecutive fields with the same tag, each a fixed-size number."""
    step = field.stop - field.begin
    tag = np.frombuffer(buffer, np.uint8, field.start - field.begin, field.begin)
    count, block = 1, 16
    while True:
        start = field.begin + count * step
        take = min(block, (stop - start) // step)
        if take == 0:
            return count
        rows = np.frombuffer(buffer, np.uint8, take * step, start).reshape(take, step)
        same = (rows[:, : tag.size] == tag).all(axis=1)
        if not same.all():
            return count + int(same.argmin())
        count += take
        block *= 2


def _read_shape(buffer: wire.Buffer, field: wire.Field, dims: list[int]) -> list[int]:
    wire.expect(field, wire.BYTES)
    for inner in wire.fields(buffer, field.start, field.stop):
        if inner.number != 1:
            continue
        if inner.wire_type == wire.VARINT:
            dims.append(wire.signed(buffer, inner))
        else:
            wire.expect(inner, wire.BYTES)
            position = inner.start
            while position < inner.stop:
                value, position = wire.varint(buffer, position, inner.stop)
                dims.append(value - (1 << 64) if value >> 63 else value)
                if len(dims) > MOST_AXES:
                    break
        if len(dims) > MOST_AXES:
            raise CaffeFormatError(f"more than {MOST_AXES} axes")
    return dims


def _shaped(numbers: _Numbers, shape: list[int]) -> np.ndarray:
    count = check_shape(shape)
    found = numbers.size // numbers.dtype.itemsize
    if found != count:
        raise CaffeFormatError(f"it holds {found:,} values; its shape {_by(shape)} has {count:,}")
    array = to_float32(numbers.array()).reshape(shape)
    array.flags.writeable = False
    return array


def _by(shape: list[int]) -> str:
    return "x".join(map(str, shape)) or "()"

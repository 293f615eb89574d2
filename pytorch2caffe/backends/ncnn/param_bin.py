"""Writes the two files of a network: .param, which is text, and .bin, which contains the weights in order.

.param: `7767517`, the numbers of layers and of blobs, and a line per layer:
    Convolution conv1 1 1 data conv1 0=64 1=3 ...    type, name, numbers of bottoms and tops, their names, params
An array param K is written `-2330K=count,a,b`. ncnn reads a number with a point or an e as a float, and of it only 15
characters, with 9 digits before and after the point.
.bin: little-endian; a weight that may be float16 or int8 begins with a tag of 4 bytes; each weight is padded to a
multiple of 4 bytes.
Source: ncnn, src/paramdict.cpp, src/modelbin.cpp.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np

from ...errors import ConversionError
from ...formats.ncnn import Tagged
from .ops import Op

MAGIC = 7767517
FLOAT32_TAG, FLOAT16_TAG, INT8_TAG = 0, 0x01306B47, 0x000D4B38
TAGS = {np.dtype("<f4"): FLOAT32_TAG, np.dtype("<f2"): FLOAT16_TAG, np.dtype("i1"): INT8_TAG}
MAX_NUMBER_LENGTH = 15  # characters
MAX_DIGITS = 9  # before the point, and after it


def param_text(lines: Sequence[Op]) -> str:
    """The text of the .param file."""
    blobs = sum(len(op.tops) for op in lines)
    return f"{MAGIC}\n{len(lines)} {blobs}\n" + "".join(f"{_line(op)}\n" for op in lines)


def _line(op: Op) -> str:
    head = f"{op.type:<24} {op.name:<24} {len(op.bottoms)} {len(op.tops)}"
    params = (_param_word(key, value) for key, value in op.params.items())
    return " ".join([head, *op.bottoms, *op.tops, *params])


def _param_word(key: int, value: Any) -> str:
    if isinstance(value, tuple):
        return f"{-23300 - key}={','.join([str(len(value)), *map(format_number, value)])}"
    return f"{key}={format_number(value)}"


def format_number(value: float) -> str:
    """An integer, or a float32 that ncnn reads back exactly. Raises ValueError if it is not finite.

    >>> [format_number(value) for value in (3, 0.1, 1 / 3, 1e-5, -1.2345678e-7, 6.0)]
    ['3', '0.1', '0.33333334', '1e-05', '-1.2345679e-07', '6.0']
    """
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if not np.isfinite(value):
        raise ValueError(f"{value} is not finite; a .param file cannot contain it")
    wanted = np.float32(value)
    short = str(wanted)
    return short if parse_float(short) == wanted else f"{float(wanted):.8e}"


def parse_float(text: str) -> np.float32 | None:
    """The float that ncnn reads from a text: it collects digits in 32 bits and computes in double. None if too long."""
    mantissa, _, exponent = text.partition("e")
    whole, _, part = mantissa.lstrip("-").partition(".")
    if len(text) > MAX_NUMBER_LENGTH or len(whole) > MAX_DIGITS or len(part) > MAX_DIGITS:
        return None
    value = int(whole or 0) + int(part or 0) / 10 ** len(part)
    scale = 10.0 ** abs(int(exponent or 0))
    value = value / scale if exponent.startswith("-") else value * scale
    return np.float32(-value if text.startswith("-") else value)


def write_bin(stream: IO[bytes], weights: Iterable[Tagged | np.ndarray]) -> int:
    """Writes weights one by one. Returns the number of bytes."""
    size = 0
    for weight in weights:
        for part in _encode(weight):
            stream.write(part)
            size += len(part)
    return size


def _encode(weight: Tagged | np.ndarray) -> Iterator[bytes | memoryview]:
    if isinstance(weight, Tagged):
        array = np.ascontiguousarray(weight.array)
        yield TAGS[array.dtype].to_bytes(4, "little")
    else:
        array = np.require(weight, "<f4", "C")
    yield array.reshape(-1).view(np.uint8).data
    if array.nbytes % 4:
        yield bytes(-array.nbytes % 4)


def check_written(param: str, stream: IO[bytes], lines: Sequence[Op]) -> None:
    """Reads both files as ncnn does. Raises ConversionError if they differ from `lines`."""
    head, counts, *rest = param.splitlines()
    blobs = sum(len(op.tops) for op in lines)
    if (head, counts, len(rest)) != (str(MAGIC), f"{len(lines)} {blobs}", len(lines)):
        raise ConversionError(f"the .param file has {len(rest)} layers instead of {len(lines)}")
    for op, line in zip(lines, rest, strict=True):
        names = [op.type, op.name, str(len(op.bottoms)), str(len(op.tops)), *op.bottoms, *op.tops]
        words = line.split()
        if words[: len(names)] != names or len(words) != len(names) + len(op.params):
            raise ConversionError(f"ncnn would misread this line of the .param file: {line[:200]!r}")
        for part in (part for weight in op.weights for part in _encode(weight)):
            if stream.read(len(part)) != part:
                raise ConversionError(f"the .bin file does not contain the weights of {op.name}")
    if stream.read(1):
        raise ConversionError("the .bin file has data after its weights")

"""Weights as the pickle of MMdnn's .npy files, written without the pickle module, array by array."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from .errors import IrFormatError


def pickle_parts(weights: dict[str, dict[str, np.ndarray]]) -> Iterator[bytes | memoryview]:
    """The pickle (protocol 3) of a dict of dicts of float32 arrays, readable by any version of numpy, in pieces."""
    yield b"\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01cnumpy\ndtype\nq\x02000"
    rest = b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK"
    float32 = b"h\x02" + _utf8("f4") + b"K\x00K\x01\x87R(K\x03" + _utf8("<") + rest + b"\x00tbq\x03"
    objects = b"h\x02" + _utf8("O8") + b"K\x00K\x01\x87R(K\x03" + _utf8("|") + rest + b"?tb"
    empty = b"h\x00h\x01K\x00\x85C\x01b\x87R"
    yield float32 + b"0" + empty + b"(K\x01)" + objects + b"\x89]}("
    for node, arrays in weights.items():
        yield _utf8(node) + b"}("
        for key, value in arrays.items():
            array = np.ascontiguousarray(value, "<f4")
            if array.nbytes >= 1 << 32:
                raise IrFormatError(
                    f"{node}: {key} of {array.nbytes:,} bytes; the limit of an IR file is 4 GiB per array"
                )
            yield _utf8(key) + empty + b"(K\x01" + _shape(value.shape) + b"h\x03\x89"
            yield b"B" + struct.pack("<I", array.nbytes)
            yield array.tobytes() if array.size < 1 << 16 else memoryview(array.reshape(-1)).cast("B")  # type: ignore[arg-type]
            yield b"tb"
        yield b"u"
    yield b"uatb."


def _utf8(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _shape(shape: tuple[int, ...]) -> bytes:
    numbers = b"".join(b"\x8a\x08" + struct.pack("<q", size) for size in shape)
    return b"(" + numbers + b"t"

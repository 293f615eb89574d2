"""Arrays in .npy and .npz files, read without evaluating the Python literal that their header is.

numpy.load hands the header to Python's parser, which fails in ways of its own on a hostile one, and which in CPython
3.11 two threads cannot use at once (gh-106905). Source: the format as numpy.lib.format describes it, 1.0 to 3.0.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from math import prod

import numpy as np

MAGIC = b"\x93NUMPY"
LENGTH = {1: "<H", 2: "<I", 3: "<I"}  # of the header, by major version
ENTRY = re.compile(
    r"(?P<q>['\"])(?:descr(?P=q)\s*:\s*['\"](?P<descr>[\w<>|=?]{1,20})['\"]"
    r"|fortran_order(?P=q)\s*:\s*(?P<fortran_order>True|False)"
    r"|shape(?P=q)\s*:\s*\((?P<shape>[\d\sL,]{0,400})\))\s*(?:,\s*|(?=\}))"
)


def read_npy(data: bytes) -> np.ndarray:
    """The array in an .npy file's bytes, a read-only view on them. Raises ValueError saying what is wrong."""
    try:
        length = LENGTH[data[6]]
        (size,) = struct.unpack_from(length, data, 8)
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError("no .npy file of version 1, 2 or 3") from error
    start = 8 + struct.calcsize(length)
    entries = _header(data[start : start + min(size, 10_000)].decode("latin-1"))
    dtype, shape = _dtype(entries["descr"]), _shape(entries["shape"])
    held, needed = len(data) - start - size, prod(shape) * dtype.itemsize
    if held < needed:
        raise ValueError(f"{max(held, 0)} bytes of numbers where its shape {list(shape)} has {needed}")
    numbers = np.frombuffer(data, dtype, prod(shape), start + size)
    return numbers.reshape(shape, order="F" if entries["fortran_order"] == "True" else "C")


def read_npz(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in an .npz file's bytes, by name. Raises ValueError saying what is wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name.removesuffix(".npy"): read_npy(archive.read(name)) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _header(text: str) -> dict[str, str]:
    text = text.strip()
    body = text[1:].lstrip() if text.startswith("{") else text
    entries: dict[str, str] = {}
    position = 0
    while found := ENTRY.match(body, position):
        entries |= {key: value for key, value in found.groupdict().items() if key != "q" and value is not None}
        position = found.end()
    if len(entries) != 3 or body[position:] != "}":
        raise ValueError(f"its header is {text[:80]!r}")
    return entries


def _dtype(name: str) -> np.dtype:
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise ValueError(f"numbers of type {name}") from error
    if dtype.hasobject or not dtype.itemsize:
        raise ValueError(f"numbers of type {name}")
    return dtype


def _shape(text: str) -> tuple[int, ...]:
    parts = [part.strip().removesuffix("L") for part in text.split(",")]
    if parts[-1] == "":
        parts.pop()
    if not all(part.isdigit() for part in parts) or len(parts) > 32:
        raise ValueError(f"its shape is ({text[:80]})")
    return tuple(int(part) for part in parts)

"""Reads arrays from .npy and .npz files without evaluating their headers, which are Python literals.

numpy.load passes the header to Python's parser, which raises many kinds of errors on a malicious header and which two
threads cannot use at the same time in CPython 3.11 (gh-106905). Source: numpy.lib.format, versions 1.0 to 3.0.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from math import prod

import numpy as np

NPY_MAGIC = b"\x93NUMPY"
HEADER_LENGTH_FORMAT = {1: "<H", 2: "<I", 3: "<I"}  # of the header, by major version
ENTRY = re.compile(
    r"(?P<q>['\"])(?:descr(?P=q)\s*:\s*['\"](?P<descr>[\w<>|=?]{1,20})['\"]"
    r"|fortran_order(?P=q)\s*:\s*(?P<fortran_order>True|False)"
    r"|shape(?P=q)\s*:\s*\((?P<shape>[\d\sL,]{0,400})\))\s*(?:,\s*|(?=\}))"
)


def read_npy(data: bytes) -> np.ndarray:
    """The array in the bytes of an .npy file, as a read-only view. Raises ValueError if they are not valid."""
    try:
        length = HEADER_LENGTH_FORMAT[data[6]]
        (size,) = struct.unpack_from(length, data, 8)
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError("not an .npy file of version 1, 2 or 3") from error
    start = 8 + struct.calcsize(length)
    entries = _parse_header(data[start : start + min(size, 10_000)].decode("latin-1"))
    dtype, shape = _parse_dtype(entries["descr"]), _parse_shape(entries["shape"])
    present, needed = len(data) - start - size, prod(shape) * dtype.itemsize
    if present < needed:
        raise ValueError(f"it has {max(present, 0)} bytes of data; shape {list(shape)} needs {needed}")
    array = np.frombuffer(data, dtype, prod(shape), start + size)
    return array.reshape(shape, order="F" if entries["fortran_order"] == "True" else "C")


def read_npz(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in the bytes of an .npz file, by name. Raises ValueError if they are not a valid .npz file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name.removesuffix(".npy"): read_npy(archive.read(name)) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _parse_header(text: str) -> dict[str, str]:
    text = text.strip()
    body = text[1:].lstrip() if text.startswith("{") else text
    entries: dict[str, str] = {}
    position = 0
    while match := ENTRY.match(body, position):
        entries |= {key: value for key, value in match.groupdict().items() if key != "q" and value is not None}
        position = match.end()
    if len(entries) != 3 or body[position:] != "}":
        raise ValueError(f"{text[:80]!r} is not a valid header")
    return entries


def _parse_dtype(name: str) -> np.dtype:
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise ValueError(f"the type {name} is not supported") from error
    if dtype.hasobject or not dtype.itemsize:
        raise ValueError(f"the type {name} is not supported")
    return dtype


def _parse_shape(text: str) -> tuple[int, ...]:
    parts = [part.strip().removesuffix("L") for part in text.split(",")]
    if parts[-1] == "":
        parts.pop()
    if not all(part.isdigit() for part in parts) or len(parts) > 32:
        raise ValueError(f"({text[:80]}) is not a valid shape")
    return tuple(int(part) for part in parts)

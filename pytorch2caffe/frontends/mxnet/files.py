"""The two files of an MXNet network: nodes with their attributes, and arrays by name.

Source: MXNet, nnvm/src/pass/saveload_json.cc and src/ndarray/ndarray.cc.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Refused

LIST_MAGIC = 0x112
OF_SHAPE_32, OF_SHAPE_64, OF_STORAGE, OF_NUMPY = None, 0xF993FAC8, 0xF993FAC9, 0xF993FACA
TYPES = {0: np.float32, 1: np.float64, 2: np.float16, 3: np.uint8, 4: np.int32, 5: np.int8, 6: np.int64}
MOST_AXES = 32


@dataclass
class Node:
    """An operator, or with op "null" a variable.

    inputs: for each the index of a node, and which of its outputs. attributes: as text; `read` are those looked at.
    """

    op: str
    name: str
    inputs: list[tuple[int, int]]
    attributes: dict[str, str]
    read: set[str] = field(default_factory=set)

    def text(self, key: str, default: str = "") -> str:
        """An attribute, or the default."""
        self.read.add(key)
        return self.attributes.get(key, default)

    def number(self, key: str, default: float | None = None) -> float:
        """An attribute that is a number. Raises Refused for anything else, or if it is missing without a default."""
        text = self.text(key)
        if not text and default is not None:
            return default
        try:
            return float(text)
        except ValueError:
            raise Refused(f"{key}={text!r} is not a number", "correct it") from None

    def integer(self, key: str, default: int | None = None) -> int:
        """As `number`, of an integer."""
        return int(self.number(key, default))

    def flag(self, key: str, default: bool = False) -> bool:
        """An attribute that is True or False, 1 or 0."""
        return self.text(key, str(default)).lower() in ("true", "1")

    def integers(self, key: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """An attribute that is a tuple of integers, or one integer; None in it is refused."""
        text = self.text(key).strip("()[] ,")
        try:
            return tuple(int(part.strip().rstrip("L")) for part in text.split(",")) if text else default
        except ValueError:
            raise Refused(f"{key}={text!r} is not a list of integers", "correct it") from None


def read_symbol(path: str | Path) -> tuple[list[Node], list[tuple[int, int]]]:
    """The nodes in execution order, and the heads: node and output. Raises ConversionError for anything else."""
    try:
        data = json.loads(Path(path).read_bytes())
        nodes = [_node(entry) for entry in data["nodes"]]
        heads = [(int(head[0]), int(head[1])) for head in data["heads"]]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ConversionError(f"{path}: not a symbol.json of MXNet: {error!r}") from None
    for index, node in enumerate(nodes):
        if any(not 0 <= at < index for at, _ in node.inputs):
            raise ConversionError(f"{path}: node {node.name!r} reads a node that is not before it")
    if any(not 0 <= at < len(nodes) for at, _ in heads):
        raise ConversionError(f"{path}: a head that is no node")
    return nodes, heads


def _node(entry: dict[str, Any]) -> Node:
    """An entry of `nodes`; the attributes are in `param` before MXNet 0.9, in `attr` before 1.0."""
    attributes: dict[str, str] = {}
    for key in ("param", "attr", "attrs"):
        attributes |= {name: str(value) for name, value in entry.get(key, {}).items()}
    inputs = [(int(one[0]), int(one[1])) for one in entry["inputs"]]
    return Node(str(entry["op"]), str(entry["name"]), inputs, attributes)


def read_params(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a .params by name, without `arg:` and `aux:`, as float32.

    Raises ConversionError if it is damaged.
    """
    reader = _Reader(Path(path).read_bytes(), str(path))
    if reader.numbers("<Q")[0] != LIST_MAGIC:
        raise ConversionError(f"{path}: not a .params of MXNet")
    reader.numbers("<Q")
    arrays = [reader.array() for _ in reader.counted(8)]
    names = [bytes(reader.take(reader.numbers("<Q")[0])).decode("utf-8", "replace") for _ in reader.counted(8)]
    if len(names) != len(arrays):
        raise ConversionError(f"{path}: {len(arrays)} arrays and {len(names)} names")
    return {name.removeprefix("arg:").removeprefix("aux:"): array for name, array in zip(names, arrays, strict=True)}


@dataclass
class _Reader:
    """The bytes of a .params file, from a position on."""

    data: bytes
    path: str
    at: int = 0

    def take(self, count: int) -> memoryview:
        """The next bytes. Raises ConversionError at the end of the file."""
        if count > len(self.data) - self.at:
            raise ConversionError(f"{self.path}: it ends at byte {len(self.data)}, within an array or a name")
        self.at += count
        return memoryview(self.data)[self.at - count : self.at]

    def numbers(self, format: str) -> tuple[int, ...]:
        return struct.unpack(format, self.take(struct.calcsize(format)))

    def counted(self, least: int) -> Iterator[int]:
        """As often as the next number says, each at least so many bytes."""
        count = self.numbers("<Q")[0]
        if count * least > len(self.data) - self.at:
            raise ConversionError(f"{self.path}: {count} entries in {len(self.data)} bytes")
        yield from range(count)

    def array(self) -> np.ndarray:
        """One array, in any of the four forms that MXNet has written."""
        magic = self.numbers("<I")[0]
        if magic in (OF_STORAGE, OF_NUMPY) and self.numbers("<i")[0] != 0:
            raise ConversionError(f"{self.path}: a sparse array, before byte {self.at}")
        old = magic not in (OF_SHAPE_64, OF_STORAGE, OF_NUMPY)
        rank = magic if old else self.numbers("<I")[0]
        if rank > MOST_AXES:
            raise ConversionError(f"{self.path}: an array of {rank} axes, before byte {self.at}")
        shape = self.numbers(f"<{rank}{'I' if old else 'q'}")
        if not rank and magic != OF_NUMPY:
            return np.zeros(0, np.float32)
        _, _, kind = self.numbers("<iii")
        if kind not in TYPES or min(shape, default=0) < 0:
            raise ConversionError(
                f"{self.path}: an array of type {kind} and shape {list(shape)}, before byte {self.at}"
            )
        dtype = np.dtype(TYPES[kind]).newbyteorder("<")
        data = self.take(prod(shape) * dtype.itemsize)
        return np.frombuffer(data, dtype).reshape(shape).astype(np.float32)

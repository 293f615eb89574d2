"""Reading caffemodels: the file is mapped, its headers are walked, the numbers stay where they are."""

from __future__ import annotations

import functools
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from . import structure, wire
from .blobs import read_blob
from .errors import CaffeFormatError
from .files import FilePath
from .old_types import V0_TYPES, V1_TYPES
from .schema import message_class
from .shards import FilePaths, weight_files
from .upgrade import upgrade

MOST_BLOBS = 100_000  # in a file


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """A layer of a caffemodel: its name, its type ("Convolution", whatever the file's generation), its blobs.

    blobs: float32 arrays in Caffe's order (weight, bias ...), read-only, as a rule views on the mapped file.
    """

    name: str
    type: str
    blobs: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """What a caffemodel holds.

    path:   the file. It stays mapped as long as one of the arrays is alive: replace it, do not overwrite it.
    layers: its layers in order, those without blobs and those of the same name too.
    """

    path: str
    layers: tuple[LayerWeights, ...]
    _buffer: mmap.mmap = field(repr=False)

    def by_name(self) -> dict[str, tuple[np.ndarray, ...]]:
        """The blobs of each layer by its name; no blobs for a layer that has none.

        Raises CaffeFormatError if layers of one name have different blobs: Caffe takes whichever comes last.
        """
        return _by_name([self])

    @functools.cached_property
    def net(self) -> Any:
        """The NetParameter of the file without its blobs, in today's form: what a prototxt would say.

        Training settings and layers are as they were saved. Raises CaffeFormatError if it cannot be read.
        """
        try:
            net = message_class("NetParameter")()
            net.MergeFromString(structure.without_blobs(self._buffer))
            structure.check_strings(net)
            upgrade(net)
        except (DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise CaffeFormatError(f"{self.path}: its layers cannot be read: {error}") from None
        except CaffeFormatError as error:
            raise CaffeFormatError(f"{self.path}: {error}") from None
        return net


def read_caffemodel(path: FilePath) -> Weights:
    """Reads a caffemodel of any generation and size, in a time that does not depend on the blobs' sizes.

    Packed floats become views on the mapped file; doubles, NVIDIA's raw and half-precision data and numbers
    in pieces are converted to float32. Shapes come from `shape`, or else from num, channels, height, width.

    Raises CaffeFormatError, which names layer and blob, for whatever is damaged or does not fit its shape,
    OSError for a file that cannot be opened.

    >>> read_caffemodel("vgg16.caffemodel").by_name()["conv1_1"][0].shape  # doctest: +SKIP
    (64, 3, 3, 3)
    """
    buffer = _map(Path(path))
    try:
        return Weights(os.fspath(path), tuple(_layers(buffer)), buffer)
    except CaffeFormatError as error:
        raise CaffeFormatError(f"{path}: {error}{_hint(buffer)}") from None


def blobs_by_name(paths: FilePaths) -> dict[str, tuple[np.ndarray, ...]]:
    """The blobs of each layer by its name, of all the caffemodels together; in which order they are given is the same.

    paths: one file, several, or their names with commas between.

    Raises CaffeFormatError as read_caffemodel does, and if layers of one name have different blobs: Caffe takes
    whichever it is given last.
    """
    return _by_name([read_caffemodel(path) for path in weight_files(paths)])


def _by_name(files: Sequence[Weights]) -> dict[str, tuple[np.ndarray, ...]]:
    found: dict[str, tuple[np.ndarray, ...]] = {}
    origin: dict[str, str] = {}
    for path, layer in [(file.path, layer) for file in files for layer in file.layers]:
        before = found.get(layer.name)
        if before and layer.blobs and not _same(before, layer.blobs):
            paths = " and ".join(dict.fromkeys((origin[layer.name], path)))
            raise CaffeFormatError(f"{paths}: two layers {layer.name!r} with different weights")
        found[layer.name] = layer.blobs or before or ()
        if layer.blobs:
            origin[layer.name] = path
    return found


def _map(path: Path) -> mmap.mmap:
    if path.exists() and not path.is_file():
        raise CaffeFormatError(f"{path}: not a regular file, so not a caffemodel")
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            raise CaffeFormatError(f"{path}: an empty file")
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _hint(buffer: mmap.mmap) -> str:
    """What the file might be instead."""
    start = buffer[:256]
    for magic, kind in ((b"\x89HDF", "an HDF5 file"), (b"PK\x03\x04", "a zip file, a PyTorch checkpoint?")):
        if start.startswith(magic):
            return f" ({kind})"
    text = all(byte >= 32 or byte in b"\t\r\n" for byte in start)
    return " (this is text: the prototxt, or a pointer to a file that was not fetched?)" if text else ""


def _layers(buffer: mmap.mmap) -> list[LayerWeights]:
    layers: list[LayerWeights] = []
    blobs = 0
    for part in wire.fields(buffer, 0, len(buffer)):
        if part.number not in structure.LAYER_FIELDS:
            continue
        wire.expect(part, wire.BYTES)
        layers.append(_layer(buffer, part, len(layers)))
        blobs += len(layers[-1].blobs)
        if blobs > MOST_BLOBS:
            raise CaffeFormatError(f"more than {MOST_BLOBS:,} blobs: not a network")
    return layers


def _layer(buffer: mmap.mmap, part: wire.Field, index: int) -> LayerWeights:
    name, kind, found = "", "", []
    layout = structure.LAYER_FIELDS[part.number]
    pending = [(layout, part)]
    while pending:  # a V1 layer may have a V0 layer in it
        layout, part = pending.pop()
        for inner in wire.fields(buffer, part.start, part.stop):
            if inner.number == layout.name:
                name = wire.text(buffer, inner)
            elif inner.number == layout.type:
                kind = _type(buffer, inner, layout)
            elif inner.number == layout.blobs:
                wire.expect(inner, wire.BYTES)
                found.append(inner)
            elif layout.inner and inner.number == layout.inner:
                wire.expect(inner, wire.BYTES)
                pending.append((structure.V0, inner))
    blobs = []
    for number, inner in enumerate(found):
        try:
            blobs.append(read_blob(buffer, inner.start, inner.stop))
        except CaffeFormatError as error:
            where = f"layer {name!r}" if name else f"layer {index}"
            raise CaffeFormatError(f"{where}, blob {number}: {error}") from None
    return LayerWeights(name, kind, tuple(blobs))


def _type(buffer: mmap.mmap, inner: wire.Field, layout: structure.Layout) -> str:
    if layout is structure.V2:
        return wire.text(buffer, inner)
    if layout is structure.V0:
        kind = wire.text(buffer, inner)
        return V1_TYPES[V0_TYPES[kind]] if kind in V0_TYPES else kind
    number = wire.signed(buffer, inner)
    known = message_class("V1LayerParameter").DESCRIPTOR.enum_types_by_name["LayerType"].values_by_number
    return V1_TYPES[known[number].name] if number in known else f"V1 type {number}"


def _same(left: tuple[np.ndarray, ...], right: tuple[np.ndarray, ...]) -> bool:
    return len(left) == len(right) and all(
        a.shape == b.shape and np.array_equal(_bits(a), _bits(b)) for a, b in zip(left, right, strict=True)
    )


def _bits(array: np.ndarray) -> np.ndarray:
    return np.require(array, requirements=["C", "A"]).view(np.uint32)

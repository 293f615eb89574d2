"""The weights of a Caffe network, layer by layer, in the shapes that the layers expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from caffe_proto import FilePaths, all_shards, weight_files

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer


def advice(caffemodels: FilePaths | None) -> str:
    """The fix for caffemodels that lack weights or belong to another network."""
    given = weight_files(caffemodels) if caffemodels is not None else []
    if set(every := all_shards(given)) > set(given):
        shown = every if len(every) < 10 else [every[0], "...", every[-1]]
        return f"its weights are in shards; give all of them: {','.join(map(str, shown))}"
    return "give the caffemodel of this prototxt; if its weights are in shards, all of them, separated by commas"


class Weights:
    """The blobs of a network's layers.

    by_name: the blobs in the caffemodels, by layer name; None: all weights are zero.
    fix:     what to do if they do not fit the network.
    known:   whether there are any.
    """

    def __init__(self, by_name: Mapping[str, Sequence[np.ndarray]] | None, fix: str) -> None:
        self.fix = fix
        self.known = by_name is not None
        self._by_name = by_name
        self._shared: dict[str, np.ndarray] = {}

    def of(self, entry: Mapping[str, Any]) -> list[np.ndarray]:
        """A layer's blobs: its own, or those of an earlier layer that shares them by name if the file has no others."""
        if self._by_name is None:
            return []
        names = [spec.get("name") for spec in entry.get("param", [])]
        found = list(self._by_name.get(entry.get("name", ""), ()))
        if not found and names and all(name in self._shared for name in names):
            return [self._shared[name] for name in names]
        return found

    def fit(
        self, entry: Mapping[str, Any], layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """The blobs in the layer's shapes; blobs shared with an earlier layer are the same arrays as there.

        Raises Refused if they do not fit.
        """
        found = _zeros(layer, shapes) if self._by_name is None else self._shaped(layer, shapes, blobs)
        for index, spec in enumerate(entry.get("param", [])[: len(found)]):
            if spec.get("name"):
                found[index] = self._same(spec["name"], index, found[index])
        return found

    def _same(self, name: str, index: int, own: np.ndarray) -> np.ndarray:
        first = self._shared.setdefault(name, own)
        same = first is own or self._by_name is None or np.array_equal(first.ravel(), own.ravel(), equal_nan=True)
        if first.size != own.size or not same:
            raise Refused(f"its blob {index} shares {name!r} with an earlier layer, but differs from it", self.fix)
        return first if first.shape == own.shape else first.reshape(own.shape)

    def _shaped(self, layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The blobs in the shapes that the layer expects: old files add axes of size 1."""
        wanted = _expected_shapes(layer, shapes)
        if [blob.size for blob in blobs] != [prod(shape) for shape in wanted]:
            have = ", ".join(str(list(blob.shape)) for blob in blobs) or "none"
            need = ", ".join(str(list(shape)) for shape in wanted) or "none"
            raise Refused(f"{layer.type} needs weights {need}; the caffemodel has {have}", self.fix)
        return [b if b.shape == tuple(s) else b.reshape(s) for b, s in zip(blobs, wanted, strict=True)]


def _zeros(layer: Layer, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """Weights that are all zero and use no memory, whatever size the file gives."""
    try:
        return [np.broadcast_to(np.float32(0), shape) for shape in _expected_shapes(layer, shapes)]
    except ValueError as error:
        raise Refused(f"{layer.type} with weights of an impossible size: {error}") from error


def _expected_shapes(layer: Layer, shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes of a layer's weights. Raises Refused if its inputs have too few axes."""
    try:
        return layer.blob_shapes(shapes)
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise Refused(f"{layer.type} cannot take inputs of shape {list(map(list, shapes))}: {error}") from error

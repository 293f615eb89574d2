"""The weights of a Caffe network, layer by layer, in the shapes that the layers want."""

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
    """What to give instead of files that lack weights, or have other ones."""
    given = weight_files(caffemodels) if caffemodels is not None else []
    if set(every := all_shards(given)) > set(given):
        shown = every if len(every) < 10 else [every[0], "...", every[-1]]
        return f"its weights are in shards; give all of them: {','.join(map(str, shown))}"
    return "give the caffemodel of this prototxt; if its weights are in shards, all of them, separated by commas"


class Weights:
    """by_name: the blobs of each layer of the caffemodels, as Caffe finds them; None: all weights are zero.

    fix: what to do if they are not those of the network.
    """

    def __init__(self, by_name: Mapping[str, Sequence[np.ndarray]] | None, fix: str) -> None:
        self.fix = fix
        self._by_name = by_name
        self._shared: dict[str, np.ndarray] = {}

    def of(self, entry: Mapping[str, Any]) -> list[np.ndarray]:
        """A layer's blobs; where the file has them only under another layer that shares them by name, those."""
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
        """The blobs in the layer's shapes, those that an earlier layer shares as the very same arrays.

        Raises Refused if they do not fit.
        """
        found = _zeros(layer, shapes) if self._by_name is None else self._shaped(layer, shapes, blobs)
        for index, spec in enumerate(entry.get("param", [])[: len(found)]):
            if spec.get("name"):
                found[index] = self._same(spec["name"], index, found[index])
        return found

    def _same(self, name: str, index: int, own: np.ndarray) -> np.ndarray:
        first = self._shared.setdefault(name, own)
        if first.size != own.size or self._by_name is not None and not np.array_equal(first.ravel(), own.ravel()):
            raise Refused(f"its blob {index} shares {name!r} with an earlier layer, and is another", self.fix)
        return first if first.shape == own.shape else first.reshape(own.shape)

    def _shaped(self, layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The blobs in the shapes that the layer wants: old files pad them with ones."""
        wanted = _wanted(layer, shapes)
        if [blob.size for blob in blobs] != [prod(shape) for shape in wanted]:
            have = ", ".join(str(list(blob.shape)) for blob in blobs) or "none"
            need = ", ".join(str(list(shape)) for shape in wanted) or "none"
            raise Refused(f"{layer.type} needs weights {need}; the caffemodel has {have}", self.fix)
        return [b if b.shape == tuple(s) else b.reshape(s) for b, s in zip(blobs, wanted, strict=True)]


def _zeros(layer: Layer, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """Weights that are all zero and take no memory, however large a file says they are."""
    try:
        return [np.broadcast_to(np.float32(0), shape) for shape in _wanted(layer, shapes)]
    except ValueError as error:
        raise Refused(f"{layer.type} with weights of an impossible size: {error}") from error


def _wanted(layer: Layer, shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes of a layer's weights. Raises Refused where its inputs have too few axes for it."""
    try:
        return layer.blob_shapes(shapes)
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise Refused(f"{layer.type} cannot take inputs of shape {list(map(list, shapes))}: {error}") from error

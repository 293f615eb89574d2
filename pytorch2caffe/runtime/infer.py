"""Infers the output shapes of a layer from its PyTorch source, without torch where shapes/ models the source."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..errors import Refused
from ..graph.graph import Shape
from ..graph.registry import Layer, Source
from .shapes.run import shapes_of
from .shapes.tensor import NotModelled


def infer(layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[Shape]:
    """The output shapes of a layer, found by running its source on shapes, or else on PyTorch's meta device.

    shapes, blobs: the shapes of its inputs, and its weights.

    Raises Refused with PyTorch's message if the layer does not accept these inputs.
    """
    return _infer(layer, tuple(map(tuple, shapes)), tuple(blob.shape for blob in blobs))


@lru_cache(maxsize=4096)
def _infer(layer: Layer, shapes: tuple[Shape, ...], blob_shapes: tuple[Shape, ...]) -> list[Shape]:
    blobs = [np.broadcast_to(np.float32(1), shape) for shape in blob_shapes]
    known = layer.output_shapes(shapes)
    if known is not None:
        layer.to_torch(shapes, blobs)  # raises Refused where it must
        return known
    try:
        source = layer.to_torch(shapes, blobs)
        try:
            return shapes_of(source, shapes)
        except NotModelled:
            return _run_on_meta(source, shapes)
    except (RuntimeError, ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError) as error:
        of_python = isinstance(error, (IndexError, TypeError, ZeroDivisionError))
        reason = "their number or their sizes do not fit" if of_python else str(error).split("\n")[0]
        raise Refused(f"{layer.type} does not accept inputs of shape {list(map(list, shapes))}: {reason}") from error


def _run_on_meta(source: Source, shapes: Sequence[Shape]) -> list[Shape]:
    from .build import shapes_on_meta  # imports torch

    return shapes_on_meta(source, shapes)

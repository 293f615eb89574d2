"""NaN and inf in the weights of a network: usually a training that diverged, or a damaged file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from ..errors import ConversionWarning
from .graph import Graph, Node

MOST_NAMED = 5


class NonFiniteWarning(ConversionWarning):
    """Weights that are NaN or inf: what is computed from them is NaN or inf too, in the model and in the files."""


def warn_of_nonfinite(graph: Graph, name_of: Callable[[Node, int], str] | None = None) -> None:
    """Gives a NonFiniteWarning that names every weight with NaN or inf, and says how many there are of each.

    name_of: (node, index of the blob) -> the name of the weight; by default the layer and the index.

    -inf in what a layer adds, or in a constant, is a mask, and gives no warning.
    """
    found = list(dict.fromkeys(_nonfinite(graph, name_of or _layer_and_index)))
    if not found:
        return
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    what = f"NaN or inf in the weights: {', '.join(found[:MOST_NAMED])}{more}"
    warnings.warn(f"{what}; results that depend on them are NaN or inf too", NonFiniteWarning, stacklevel=2)


def _nonfinite(graph: Graph, name_of: Callable[[Node, int], str]) -> Iterator[str]:
    finite: set[int] = set()
    for node in graph.nodes:
        for index, blob in enumerate(node.blobs):
            if id(blob) in finite:
                continue
            nan, above, below = count_nonfinite(blob)
            if nan or above or below and not node.layer.may_be_mask(index, node.blobs):
                counts = (nan, "NaN"), (above + below, "inf")
                yield f"{name_of(node, index)} ({', '.join(f'{count} {kind}' for count, kind in counts if count)})"
            elif not below:
                finite.add(id(blob))


def count_nonfinite(blob: np.ndarray) -> tuple[int, int, int]:
    """How many elements are NaN, inf and -inf."""
    distinct = blob[tuple(slice(None) if stride else slice(1) for stride in blob.strides)]  # of a broadcast array
    with np.errstate(all="ignore"):
        if np.isfinite(distinct.sum()):  # much faster than a test of each element
            return 0, 0, 0
    return int(np.isnan(distinct).sum()), int(np.isposinf(distinct).sum()), int(np.isneginf(distinct).sum())


def _layer_and_index(node: Node, index: int) -> str:
    return f"blob {index} of layer {node.name!r}"

"""What the rows of a comparison belong to: the network, and histograms of both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..pages.diagram import Histograms

if TYPE_CHECKING:
    from ..graph.graph import Graph

BINS = 40
MODEL, FILE = "model", "file"


@dataclass(frozen=True)
class Network:
    """The network that was compared.

    graph:      the network of the model.
    values:     blob -> name of the model's value that it is compared with; of the inputs too.
    histograms: of both sides, by blob; empty unless they were asked for.
    """

    graph: Graph
    values: Mapping[str, str]
    histograms: Mapping[str, Histograms] = field(default_factory=dict)


def histograms_of(reference: Mapping[str, np.ndarray], actual: Mapping[str, np.ndarray]) -> dict[str, Histograms]:
    """The histograms of both sides of each blob that both have, over the range of the two. Counts finite numbers."""
    found = {}
    for blob, array in reference.items():
        if blob not in actual:
            continue
        sides = {MODEL: np.asarray(array, np.float64).ravel(), FILE: np.asarray(actual[blob], np.float64).ravel()}
        finite = {name: side[np.isfinite(side)] for name, side in sides.items()}
        if not all(side.size for side in finite.values()):
            continue
        low = min(float(side.min()) for side in finite.values())
        high = max(float(side.max()) for side in finite.values())
        if not np.isfinite(high - low):
            continue
        wide = (low, high) if high > low else (low - 0.5, high + 0.5)
        counts = {name: tuple(map(int, np.histogram(side, BINS, wide)[0])) for name, side in finite.items()}
        found[blob] = Histograms(*wide, counts)
    return found

"""Powers before a Scale that adds."""

from __future__ import annotations

import numpy as np

from ..graph.graph import Graph, Node
from ..layers.elementwise.power import Power
from ..layers.elementwise.scale import Scale
from .pairs import pairs


def fold_powers(graph: Graph) -> None:
    """Folds a Power that multiplies into the Scale of ones behind it, which adds a constant: not a bit changes.

    before: x -> Power(scale 3) -> Scale(1, bias b) -> y
    after:  x -> Scale(3, bias b) -> y

    Not folded: into other factors than 1, which would round once instead of twice.
    """
    folded: set[Node] = set()
    for first, second in pairs(graph):
        power, scale = first.layer, second.layer
        if not isinstance(power, Power) or not isinstance(scale, Scale) or len(second.inputs) > 1:
            continue
        if (power.power, power.shift) == (1, 0) and scale.bias_term and (second.blobs[0] == 1).all():
            second.blobs = (np.full_like(second.blobs[0], power.scale), second.blobs[1])
            second.inputs = first.inputs
            folded.add(first)
    graph.nodes[:] = [node for node in graph.nodes if node not in folded]

"""Expresses a graph in the layers of a target: passes, the lowering engine, passes."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.graph import Graph, Infer
from ..graph.lowering import Lowered, lower
from ..graph.target import Target
from .runner import Pass, run_passes, transformed


def express(
    graph: Graph, target: Target, infer: Infer, before: Iterable[Pass] = (), after: Iterable[Pass] = ()
) -> Lowered:
    """The network in layers that `target` takes; the graph itself stays as it is.

    before: passes over the graph in layers of any kind.
    after:  passes over the lowered graph; they are not run if a layer cannot be expressed.

    Returns the lowered graph, or the problems in it: see Lowered.
    Raises InvalidGraphError, which names the pass, if a pass leaves an invalid graph.
    """
    lowered = lower(transformed(graph, before), target, infer)
    if not lowered.problems:
        run_passes(lowered.graph, after)
    return lowered

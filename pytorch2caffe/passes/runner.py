"""Runs passes in order and validates the graph after each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from ..errors import InvalidGraphError
from ..graph.graph import Graph

Pass: TypeAlias = Callable[[Graph], None]


def run_passes(graph: Graph, passes: Iterable[Pass]) -> None:
    """Runs the passes in order, in place, and calls `graph.validate()` before the first and after each.

    passes: functions of a Graph; one with options is written `partial(fold_pads, extend=False)`.

    Raises InvalidGraphError, which names the pass, if the graph is not valid after it.
    """
    _validate(graph, "before the first pass")
    for run in passes:
        run(graph)
        _validate(graph, f"after the pass {name_of(run)}")


def transformed(graph: Graph, passes: Iterable[Pass]) -> Graph:
    """A copy of the graph after the passes; the graph itself stays as it is. Weights are shared."""
    copy = graph.copy()
    run_passes(copy, passes)
    return copy


def name_of(run: Pass) -> str:
    """The name of a pass: that of its function."""
    function = run.func if isinstance(run, partial) else run
    return getattr(function, "__name__", repr(function))


def _validate(graph: Graph, when: str) -> None:
    try:
        graph.validate()
    except InvalidGraphError as error:
        raise InvalidGraphError(f"the graph {graph.name!r} is not valid {when}: {error}") from error

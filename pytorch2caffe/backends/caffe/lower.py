"""Expresses a graph in the layers of a dialect, or refuses, before the first byte is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import Problem, Refusal, UnsupportedError
from ...graph.builder import Builder
from ...graph.graph import Graph, Infer, Value
from ...graph.lowering import Lowered
from ...graph.other_sizes import fixed_by
from ...graph.registry import Layer
from ...passes.expand_ends import counts_from_end
from ...passes.express import express
from .check import alternative_to, check
from .dialect import Dialect
from .dialect_file import dialect
from .passes import after_lowering, before_lowering


@dataclass(frozen=True)
class DialectTarget:
    """A dialect as a target of the lowering engine, with the workaround for each layer that it lacks."""

    dialect: Dialect

    @property
    def name(self) -> str:
        return self.dialect.name

    @property
    def float32(self) -> bool:
        return self.dialect.limits.float32

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if the dialect has the layer and the fields that are set, else which it lacks and what to do."""
        refusal = self.dialect.takes(layer, inputs, blobs) or self._misread(layer, inputs)
        if refusal is None:
            return None
        most, rank = self.dialect.limits.most_axes(layer.type), max((len(value.shape) for value in inputs), default=0)
        if most is not None and rank > most and layer.type in self.dialect.layers:
            return Refusal(
                f"{layer.type} of {rank} axes; {self.name} accepts at most {most}", "use layers of fewer axes"
            )
        if layer.type not in self.dialect.layers:
            return replace(refusal, fix=alternative_to(layer.type, self.dialect, lowered=True))
        return refusal

    def _misread(self, layer: Layer, inputs: Sequence[Value]) -> Refusal | None:
        """Why a dialect of `safe_in` computes something else, for maps of this size."""
        for other in map(dialect, self.dialect.safe_in):
            for how, rule in other.violations(layer, [value.shape for value in inputs]):
                if rule.side is not None:
                    return Refusal(f"{other.name} has no {how}: {rule.why}", rule.fix)
        return None

    def own_form(self, net: Builder, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> None:
        """None: layers have no other form for a dialect than that of their `lower`."""


def lower(graph: Graph, target: Dialect, infer: Infer, *, fold_bn: bool = False) -> Graph:
    """The same network in layers that `target` has; values keep their names where they still exist and fit.

    fold_bn: fold BatchNorm and Scale into the preceding weights, also where the dialect does not ask for it.
    More layers are added for what counts from the end of an axis only if the height or the width may then be changed.

    before: data -> Clip(0, 6) -> (output)
    after:  data -> ReLU -> Power -> ReLU -> Power -> (output)
    Raises UnsupportedError listing every layer that the dialect cannot express, and every limit that is exceeded.
    """
    after = after_lowering(target, fold_bn=fold_bn)

    def expressed(*, any_size: bool) -> Lowered:
        return express(graph, DialectTarget(target), infer, before_lowering(target, any_size=any_size), after)

    free = target.limits.any_size and any(map(counts_from_end, graph.nodes))
    lowered = expressed(any_size=free)
    if free and (lowered.problems or {"height", "width"} <= fixed_by(lowered.graph, infer).keys()):
        lowered = expressed(any_size=False)
    problems = [_of_dialect(problem, target) for problem in lowered.problems] or check(lowered.graph, target)
    if problems:
        raise UnsupportedError(problems, f"written for dialect {target.name!r}")
    return lowered.graph


def _of_dialect(problem: Problem, target: Dialect) -> Problem:
    """The problem with the dialect named, where its text does not begin with it."""
    if problem.what.startswith(f"{target.name} "):
        return problem
    return replace(problem, what=f"{problem.what} (dialect {target.name!r})")

"""Runs each part of a file on the model's own values: nothing amplifies rounding, and a fault stays where it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ..graph.graph import Graph, Node, Value
from ..runtime.build import build
from ..runtime.source import source_of
from .judge import NOTHING, Distance, distance

EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Part:
    """What the layers between the model's blobs and one blob compute from the model's own values.

    computed: the values of the blob.
    floor:    how far it moves if each number it is computed from is rounded once to float32, the largest of the draws.
    """

    computed: np.ndarray
    floor: Distance = NOTHING


def run_parts(graph: Graph, given: Mapping[Value, np.ndarray], draws: int = 0) -> Iterator[tuple[Value, Part]]:
    """Each value of a graph in `given`, computed from the others in `given` only.

    given: arrays of the inputs, and of other values; layers read them in place of what the preceding layers compute.
           They are all float32, or all float64; the layers are computed in that type.
    draws: how many random roundings to try for `Part.floor`; 0 leaves it out.

    Yields a Part for each value in `given` that a layer writes, in the order of execution.
    """
    return run_rounded(graph, given, given, draws)


@torch.no_grad()
def run_rounded(
    graph: Graph, given: Mapping[Value, np.ndarray], wanted: Collection[Value], draws: int
) -> Iterator[tuple[Value, Part]]:
    """As `run_parts`, for the values in `wanted`. With inputs alone in `given`, rounding grows as in the network."""
    values = {value: torch.from_numpy(given[value]) for value in graph.inputs}
    dtype = next(iter(values.values())).dtype
    rounded = [dict(values) for _ in range(draws)]
    generator = torch.Generator().manual_seed(0)
    last_use = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    for index, node in enumerate(graph.nodes):
        results = _outputs(node, [values[value] for value in node.inputs], dtype)
        draws_of_node = [_rounded(node, [draw[value] for value in node.inputs], dtype, generator) for draw in rounded]
        for place, value in enumerate(node.outputs):
            outcomes = [draw[place] for draw in draws_of_node]
            if value in wanted:
                computed = results[place].numpy()
                floor = NOTHING
                for outcome in outcomes:
                    floor = floor.larger(distance(outcome.numpy(), computed))
                yield value, Part(computed, floor)
            known = torch.from_numpy(given[value]) if value in given else None
            for run, outcome in zip((values, *rounded), (results[place], *outcomes), strict=True):
                run[value] = outcome if known is None else known
        for value in (*node.inputs, *node.outputs):
            if last_use.get(value, index) == index:
                for run in (values, *rounded):
                    run.pop(value, None)


def _outputs(node: Node, inputs: Sequence[torch.Tensor], dtype: torch.dtype) -> list[torch.Tensor]:
    result: Any = build(source_of(node), dtype=dtype)(*inputs)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _rounded(
    node: Node, inputs: Sequence[torch.Tensor], dtype: torch.dtype, generator: torch.Generator
) -> list[torch.Tensor]:
    """The outputs of a layer if its inputs and weights are rounded at random; layers that only move data do not."""
    if node.layer.moves_data:
        return _outputs(node, inputs, dtype)
    blobs = tuple(_round(torch.tensor(blob, dtype=dtype), generator).numpy() for blob in node.blobs)
    return _outputs(replace(node, blobs=blobs), [_round(tensor, generator) for tensor in inputs], dtype)


def _round(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """`tensor` with each number moved by one float32 rounding, up or down at random; integers are exact and stay."""
    signs = torch.randint(0, 2, tensor.shape, generator=generator, dtype=torch.int8).mul_(2).sub_(1)
    return torch.where(tensor == tensor.round(), tensor, tensor * (1 + EPSILON * signs.to(tensor.dtype)))

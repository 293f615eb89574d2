"""What a network consists of: layers, shapes, parameters, multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .graph import Graph, Shape


@dataclass(frozen=True)
class LayerSummary:
    """A layer of a network. parameters: numbers in its weights; multiply_adds: of one forward pass."""

    name: str
    type: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    parameters: int
    multiply_adds: int


def summarise(graph: Graph) -> list[LayerSummary]:
    """Each layer of `graph` in its order. Shared weights are counted once, at the first layer."""
    seen: set[int] = set()
    rows = []
    for node in graph.nodes:
        own = [blob for blob in node.blobs if id(blob) not in seen]
        seen.update(map(id, own))
        rows.append(
            LayerSummary(
                node.name,
                node.layer.type,
                tuple(value.shape for value in node.inputs),
                tuple(value.shape for value in node.outputs),
                sum(blob.size for blob in own),
                node.layer.multiply_adds(
                    [value.shape for value in node.inputs], [value.shape for value in node.outputs], node.blobs
                ),
            )
        )
    return rows

"""What a network consists of, and what this package supports: both read off the code."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .graph import Graph, Node, Shape


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
    """Each layer of `graph` in its order. Weights that layers share are counted at the first."""
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
                multiply_adds(node),
            )
        )
    return rows


def multiply_adds(node: Node) -> int:
    """Multiplications with weights in one forward pass; 0 for layers without a weight matrix."""
    if node.layer.type in ("Convolution", "InnerProduct"):
        weight, output = node.blobs[0], node.outputs[0].shape
        per_output = weight.size // node.layer.settings()["num_output"]
        return prod(output) * per_output
    if node.layer.type == "Deconvolution":
        return prod(node.inputs[0].shape) * prod(node.blobs[0].shape[1:])
    return 0

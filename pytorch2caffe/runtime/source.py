"""The PyTorch source of a layer: what it reads."""

from __future__ import annotations

import re

from ..graph.graph import Node
from ..graph.registry import Source


def source_of(node: Node) -> Source:
    """The PyTorch source of a node."""
    return node.layer.to_torch([value.shape for value in node.inputs], node.blobs)


def arity(source: Source) -> int | None:
    """The number of inputs that a source reads; None if it reads none, only their shapes or nothing."""
    if not source.expr:
        return 1
    numbers = {int(number) for number in re.findall(r"\{(\d+)\}", source.expr)}
    return max(numbers) + 1 if numbers else None


def argument_names(source: Source) -> list[str]:
    """The names for the inputs {0}, {1} ... of an expression: x0, x1 ..."""
    return [f"x{index}" for index in range(arity(source) or 0)]

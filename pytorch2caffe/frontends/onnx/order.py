"""The nodes that some tensors depend on, in an order in which each comes after those that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

from ...errors import ConversionError
from .bodies import Body


def in_order(body: Body, wanted: Sequence[str]) -> tuple[list[Any], list[Any]]:
    """The nodes that `wanted` depend on, in the order of the file as far as it is one, and those that form cycles."""
    writer: dict[str, int] = {}
    for index, node in enumerate(body.nodes):
        for output in node.output:
            if output and output in writer:
                raise ConversionError(f"the tensor {output!r} is written by two nodes: the file is damaged")
            writer[output] = index
    reads = {}
    waiting = [writer[name] for name in wanted if name in writer]
    while waiting:
        index = waiting.pop()
        if index not in reads:
            reads[index] = {writer[name] for name in names_read(body.nodes[index]) if name and name in writer}
            waiting += reads[index]
    readers: dict[int, list[int]] = {}
    for index, sources in reads.items():
        for source in sources:
            readers.setdefault(source, []).append(index)
    left = {index: len(sources) for index, sources in reads.items()}
    ready = sorted(index for index, count in left.items() if not count)
    done = []
    while ready:
        index = heappop(ready)
        done.append(index)
        for reader in readers.get(index, ()):
            left[reader] -= 1
            if not left[reader]:
                heappush(ready, reader)
    cycles = sorted(set(reads) - set(done))
    return [body.nodes[index] for index in done], [body.nodes[index] for index in cycles]


def names_read(node: Any, depth: int = 0) -> Iterator[str]:
    """The names that a node reads, those that its branches read from outside included."""
    yield from node.input
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            if depth > 50:
                raise ConversionError("branches are nested too deeply")
            own = {name for inner in graph.node for name in inner.output}
            for inner in graph.node:
                yield from (name for name in names_read(inner, depth + 1) if name not in own)
            yield from (output.name for output in graph.output if output.name not in own)

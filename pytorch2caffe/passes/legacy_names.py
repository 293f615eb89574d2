"""Names as in PytorchToCaffe."""

from __future__ import annotations

from collections import Counter

from ..graph.graph import Graph, Names


def legacy_names(graph: Graph) -> None:
    """Renames layers to conv1, conv2 ... and values to conv_blob1 ..., compatible with PytorchToCaffe.

    before: data -> features.0 -> features.1
    after:  data -> conv1 (conv_blob1) -> relu1 (relu_blob1)
    """
    counts: Counter[str] = Counter()
    names = Names(value.name for value in graph.inputs)
    old = {value.name for node in graph.nodes for value in node.outputs}
    for node in graph.nodes:
        kind = node.layer.name_in_legacy()
        counts[kind] += 1
        node.name = f"{kind}{counts[kind]}"
        for index, value in enumerate(node.outputs):
            suffix = f"_{index}" if len(node.outputs) > 1 else ""
            value.name = names.unique(f"{kind}_blob{counts[kind]}{suffix}")
    graph.outputs = {(value.name if key in old else key): value for key, value in graph.outputs.items()}

"""Names the nodes, weights and values of an exported model after the layers that they compute."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from ...graph.graph import Graph, Names, Node

_SCOPES = "pkg.torch.onnx.name_scopes"  # metadata of a node: the modules whose call it comes from


def name_after_layers(model: Any, graph: Graph) -> None:
    """Renames within an onnx.ModelProto, and removes what the exporter says about this machine's files.

    A node has the name of its layer, followed by its operator if the layer became several nodes: `fc/Gemm`. A weight is
    `conv1.weight`. Values have the names of the graph's values.
    """
    layers = [_layer_of(node, graph) for node in model.graph.node]
    fixed = {value.name for value in (*model.graph.input, *model.graph.output)}
    unique = Names(fixed).unique
    renamed = _weights(model, graph, unique) | _values(model, layers, fixed, unique)
    sizes = Counter(layer.name for layer in layers if layer is not None)
    names = Names()
    for node, layer in zip(model.graph.node, layers, strict=True):
        if layer is not None:
            node.name = names.unique(layer.name if sizes[layer.name] == 1 else f"{layer.name}/{node.op_type}")
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
        del node.metadata_props[:]
        node.doc_string = ""
    for item in (*model.graph.initializer, *model.graph.value_info):
        item.name = renamed.get(item.name, item.name)
        item.doc_string = ""
        del item.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]


def _layer_of(node: Any, graph: Graph) -> Node | None:
    scopes = next((item.value for item in node.metadata_props if item.key == _SCOPES), "[]")
    for scope in ast.literal_eval(scopes):
        if match := re.fullmatch(r"layer(\d+)", scope):
            return graph.nodes[int(match[1])]
    return None


def _weights(model: Any, graph: Graph, unique: Callable[[str], str]) -> dict[str, str]:
    renamed = {}
    for weight in model.graph.initializer:
        if match := re.fullmatch(r"layer(\d+)\.(?:module\.)?(.+)", weight.name):
            renamed[weight.name] = unique(f"{graph.nodes[int(match[1])].name}.{match[2]}")
    return renamed


def _values(model: Any, layers: list[Node | None], fixed: set[str], unique: Callable[[str], str]) -> dict[str, str]:
    """New names of what nodes compute: what leaves a layer has the name of the layer's value."""
    readers: dict[str, set[int]] = defaultdict(set)
    for node, layer in zip(model.graph.node, layers, strict=True):
        for name in node.input:
            readers[name].add(id(layer))
    renamed: dict[str, str] = {}
    left: Counter[int] = Counter()
    for node, layer in zip(model.graph.node, layers, strict=True):
        for name in node.output:
            if not name or name in fixed or layer is None:
                continue
            if readers[name] - {id(layer)} and left[id(layer)] < len(layer.outputs):
                wanted = layer.outputs[left[id(layer)]].name
                left[id(layer)] += 1
            else:
                wanted = f"{layer.name}/{node.op_type}"
            renamed[name] = unique(wanted)
    return renamed

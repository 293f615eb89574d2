"""Graph to prototxt and caffemodel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto

from ..codegen import infer
from ..dialects import Dialect, dialect, lower
from ..errors import ConversionError
from ..graph import Graph, Node


def save_caffe(
    graph: Graph,
    prototxt: str | Path,
    caffemodel: str | Path,
    dialect: str = "caffe",
    *,
    proof: Callable[[Path, Path], None] | None = None,
) -> Graph:
    """Writes a graph as Caffe files for a dialect; both files appear together, or none.

    prototxt, caffemodel: paths; existing files are replaced only once the new ones are complete.
    dialect: the name of one that comes with the package, or a .toml file.
    proof:   called with the complete files under temporary names; if it raises, they are removed.

    Returns the graph as it was written: in the dialect's own layers.
    Raises UnsupportedError listing every layer that the dialect cannot say; then nothing is written.
    """
    lowered = lower(graph, _dialect(dialect), infer)
    write(lowered, prototxt, caffemodel, proof)
    return lowered


def _dialect(name: str) -> Dialect:
    return dialect(name)


def write(
    graph: Graph, prototxt: str | Path, caffemodel: str | Path, proof: Callable[[Path, Path], None] | None = None
) -> None:
    """Writes a graph that is already in the layers of its dialect."""
    net = net_of(graph)
    blobs = [*(() for _ in graph.inputs), *(node.blobs for node in graph.nodes)]
    with caffe_proto.atomic_files(prototxt, caffemodel) as (text, binary):
        caffe_proto.write_prototxt(net, text)
        caffe_proto.write_caffemodel(net, blobs, binary)
        if proof is not None:
            proof(text, binary)


def net_of(graph: Graph) -> dict[str, Any]:
    """The NetParameter as a dict, weights left out: an Input layer per input, then the nodes."""
    if not graph.inputs:
        raise ConversionError("a Caffe network needs an input; this graph has none")
    inputs = [
        {
            "name": value.name,
            "type": "Input",
            "top": [value.name],
            "input_param": {"shape": [{"dim": list(value.shape)}]},
        }
        for value in graph.inputs
    ]
    shared = _shared(graph)
    return {"name": graph.name, "layer": inputs + [_layer(node, shared) for node in graph.nodes]}


def _layer(node: Node, shared: dict[int, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name, "type": node.layer.type}
    if node.inputs:
        entry["bottom"] = [value.name for value in node.inputs]
    if node.outputs:
        entry["top"] = [value.name for value in node.outputs]
    names = [shared.get(id(blob), "") for blob in node.blobs]
    if any(names) and node.layer.type != "BatchNorm":  # Caffe keeps its statistics' param for itself
        entry["param"] = [{"name": name} if name else {} for name in names]
    settings = node.layer.to_caffe()
    if settings and node.layer.param:
        entry[node.layer.param] = settings
    return entry


def _shared(graph: Graph) -> dict[int, str]:
    """A name for each array that several nodes use: `conv1.0`, after the first node and the blob's place in it."""
    uses = Counter(id(blob) for node in graph.nodes for blob in node.blobs)
    found: dict[int, str] = {}
    for node in graph.nodes:
        for index, blob in enumerate(node.blobs):
            if uses[id(blob)] > 1:
                found.setdefault(id(blob), f"{node.name}.{index}")
    return found


def blobs_in_bytes(graph: Graph) -> int:
    """The size of all weights in bytes, shared ones counted once."""
    return sum({id(blob): np.asarray(blob).nbytes for node in graph.nodes for blob in node.blobs}.values())

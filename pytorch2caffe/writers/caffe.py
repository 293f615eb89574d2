"""Graph to prototxt and caffemodel."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto
from caffe_proto.write import MOST_BYTES

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
    fold_bn: bool = False,
    proof: Callable[[Path, Path], None] | None = None,
) -> Graph:
    """Writes a graph as Caffe files for a dialect; both files appear together, or none.

    prototxt, caffemodel: paths; existing files are replaced only once the new ones are complete.
    dialect: the name of one that comes with the package, or a .toml file.
    fold_bn: put BatchNorm and Scale into the weights before them (equal up to float rounding).
    proof:   called with the complete files under temporary names; if it raises, they are removed.

    Where the dialect limits names, PREFIX.names.json tells what each shortened one was.
    Returns the graph as it was written: in the dialect's own layers.
    Raises UnsupportedError listing every layer that the dialect cannot say; then nothing is written.
    """
    target = _dialect(dialect)
    lowered = lower(graph, target, infer, fold_bn=fold_bn)
    write(lowered, prototxt, caffemodel, proof, target)
    return lowered


def _dialect(name: str) -> Dialect:
    return dialect(name)


def write(
    graph: Graph,
    prototxt: str | Path,
    caffemodel: str | Path,
    proof: Callable[[Path, Path], None] | None = None,
    target: Dialect | None = None,
) -> None:
    """Writes a graph that is already in the layers of its dialect."""
    net = net_of(graph, target)
    blobs = [*(() for _ in graph.inputs), *(node.blobs for node in graph.nodes)]
    names = [Path(prototxt).with_suffix(".names.json")] if target and target.limits.name_length else []
    with caffe_proto.atomic_files(prototxt, caffemodel, *names) as (text, binary, *maps):
        for path in maps:
            path.write_text(json.dumps(graph.renamed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        caffe_proto.write_prototxt(net, text)
        size = text.stat().st_size + sum(blob.nbytes for node in graph.nodes for blob in node.blobs)
        if size > MOST_BYTES:
            what = f"a caffemodel of about {size:,} bytes, and Caffe reads up to {MOST_BYTES:,}"
            raise ConversionError(f"this model makes {what}: cut it in two and export each half")
        caffe_proto.write_caffemodel(net, blobs, binary)
        if proof is not None:
            proof(text, binary)


def net_of(graph: Graph, target: Dialect | None = None) -> dict[str, Any]:
    """The NetParameter as a dict, as `target` spells it, weights left out: an Input layer per input, then the nodes."""
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
    return {"name": graph.name, "layer": inputs + [_layer(node, shared, target) for node in graph.nodes]}


def _layer(node: Node, shared: dict[int, str], target: Dialect | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name, "type": node.layer.type}
    if node.inputs:
        entry["bottom"] = [value.name for value in node.inputs]
    if node.outputs:
        entry["top"] = [value.name for value in node.outputs]
    names = [shared.get(id(blob), "") for blob in node.blobs]
    if any(names) and node.layer.type != "BatchNorm":  # Caffe keeps its statistics' param for itself
        entry["param"] = [{"name": name} if name else {} for name in names]
    settings = target.spell(node.layer) if target else node.layer.to_caffe()
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

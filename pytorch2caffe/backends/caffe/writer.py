"""Graph to prototxt and caffemodel."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto
from caffe_proto import MOST_BYTES, CaffeFormatError

from ...errors import ConversionError
from ...graph.graph import Graph, Node
from ...layers.normalization.batch_norm import BatchNorm
from ...runtime.infer import infer
from .dialect import Dialect
from .dialect_file import dialect
from .lower import lower

LEAST_SAVED = 0.1  # of the bytes of all weights, for which layers are left out of the caffemodel

Proof = Callable[[Path, Sequence[Path]], None]


def save_caffe(
    graph: Graph,
    prototxt: str | Path,
    caffemodel: str | Path,
    dialect: str = "caffe",
    *,
    fold_bn: bool = False,
    split_weights: bool | int = False,
    proof: Proof | None = None,
) -> Graph:
    """Writes a graph as Caffe files for a dialect; all files appear together, or none.

    prototxt, caffemodel: paths; existing files are replaced only once the new ones are complete.
    dialect: the name of one that comes with the package, or a .toml file.
    fold_bn: put BatchNorm and Scale into the weights before them (equal up to float rounding).
    split_weights: weights beyond what Caffe reads in one file, 2^31 - 1 bytes, are written as several, by whole
             layers: net-1-of-2.caffemodel, net-2-of-2.caffemodel. Caffe loads each by a `copy_from`. A number: the
             maximum size of a file, in bytes.
    proof:   called with the complete files under temporary names, the prototxt and a list of caffemodels; if it
             raises, they are removed.

    Where the dialect limits names, PREFIX.names.json maps each shortened name to the original.
    Returns the graph as written: in the dialect's layers, with the `caffemodels` it was written to.
    Raises UnsupportedError listing every layer that the dialect cannot express, ConversionError for more weights than
    Caffe can read; then nothing is written.
    """
    target = _dialect(dialect)
    lowered = lower(graph, target, infer, fold_bn=fold_bn)
    write(lowered, prototxt, caffemodel, proof, target, split_weights)
    return lowered


def _dialect(name: str) -> Dialect:
    return dialect(name)


def write(
    graph: Graph,
    prototxt: str | Path,
    caffemodel: str | Path,
    proof: Proof | None = None,
    target: Dialect | None = None,
    split_weights: bool | int = False,
) -> None:
    """Writes a graph that is already in the layers of its dialect."""
    net = net_of(graph, target)
    blobs = [*(() for _ in graph.inputs), *(node.blobs for node in graph.nodes)]
    stored, blobs = _stored(net, blobs, target)
    parts = _parts(stored, blobs, split_weights, target)
    files = caffe_proto.shard_names(caffemodel, len(parts))
    if old := caffe_proto.stale_shards(caffemodel, len(parts)):
        listed = ", ".join(map(str, old))
        raise ConversionError(f"{listed}: left from an earlier export, and not part of the new files; remove it")
    names = [Path(prototxt).with_suffix(".names.json")] if target and target.limits.name_length else []
    with caffe_proto.atomic_files(prototxt, *files, *names) as (text, *others):
        binaries, maps = others[: len(files)], others[len(files) :]
        for path in maps:
            path.write_text(json.dumps(graph.renamed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        listed = ", ".join(json.dumps(path.name) for path in files)
        caffe_proto.write_prototxt(net, text, f"weights in {len(files)} files, load all: {listed}" if files[1:] else "")
        for part, binary in zip(parts, binaries, strict=True):
            caffe_proto.write_caffemodel({**stored, "layer": stored["layer"][part]}, blobs[part], binary)
        if proof is not None:
            proof(text, binaries)
    graph.caffemodels = files


def _stored(net: dict[str, Any], blobs: Sequence[Any], target: Dialect | None) -> tuple[dict[str, Any], list[Any]]:
    """The layers of the caffemodel, and their blobs: without those that share every weight with earlier layers.

    Caffe leaves the weights of a layer that the caffemodel lacks as they are: those of the layer that it shares them
    with. A layer with fewer weights than in the prototxt is an error in Caffe. Source: net.cpp, CopyTrainedLayersFrom.
    Where that would save less than a tenth of the weights, all are kept: importers then read the files too.
    """
    if target is None or not target.limits.shared_weights:
        return net, list(blobs)
    written: set[int] = set()
    kept = []
    for index, own in enumerate({id(blob) for blob in layer} for layer in blobs):
        if not own or not own <= written:
            kept.append(index)
        written |= own
    if _bytes(blobs[index] for index in kept) > (1 - LEAST_SAVED) * _bytes(blobs):
        return net, list(blobs)
    return {**net, "layer": [net["layer"][index] for index in kept]}, [blobs[index] for index in kept]


def _bytes(blobs: Iterable[Sequence[np.ndarray]]) -> int:
    return sum(blob.nbytes for layer in blobs for blob in layer)


def _parts(net: dict[str, Any], blobs: Any, split_weights: bool | int, target: Dialect | None) -> list[slice]:
    """The layers that go into each caffemodel. Raises ConversionError if they cannot, or must not, be split."""
    most = MOST_BYTES if isinstance(split_weights, bool) else min(split_weights, MOST_BYTES)
    try:
        parts = caffe_proto.split_layers(net, blobs, most)
    except CaffeFormatError as error:
        raise ConversionError(str(error)) from error
    allowed = target.limits.caffemodels if target else None
    if len(parts) == 1 or split_weights and (allowed is None or len(parts) <= allowed):
        return parts
    size = caffe_proto.caffemodel_bytes(net, blobs)
    what = f"the weights of this model take {size:,} bytes, and Caffe reads at most {most:,} from one file"
    halves = "export each half of the model"
    if allowed is not None and len(parts) > allowed:
        raise ConversionError(f"{what}; {target and target.name} accepts one file only: {halves}")
    raise ConversionError(f"{what}: split them (--split-weights, in Python split_weights=True), or {halves}")


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
    if any(names):
        fixed = {"lr_mult": 0} if isinstance(node.layer, BatchNorm) else {}  # Caffe requires it of statistics
        entry["param"] = [{"name": name, **fixed} if name else dict(fixed) for name in names]
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

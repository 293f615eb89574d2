"""Prototxt and caffemodel to Graph."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto

from ..codegen import infer
from ..errors import ConversionError, Problem, Refused, UnsupportedError
from ..graph import Graph, Names, Node, Value
from ..registry import LAYERS, Layer, load_layers

FIX = 'register the layer: README, "Adding a layer"'


def load_caffe(prototxt: str | Path, caffemodel: str | Path | None = None) -> Graph:
    """Reads a Caffe network for inference (TEST phase), without Caffe.

    prototxt:   any generation of the format (V0, V1, input_dim headers too).
    caffemodel: its weights, found by layer name as Caffe does; without it, layers that have weights get zeros.

    Values are named after their tops; where a layer works in place (top = bottom) the later values are numbered.
    Raises UnsupportedError naming every layer that is not known, ConversionError for files that do not fit together.
    """
    reader = _reader(prototxt, caffemodel)
    graph = reader.graph()
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from {prototxt}")
    if not graph.inputs:
        raise ConversionError(f"{prototxt}: the network has no input")
    return graph


def load_what_is_known(prototxt: str | Path, caffemodel: str | Path | None = None) -> tuple[Graph, list[Problem]]:
    """As `load_caffe`, but leaves out what is not known, and what depends on it, and lists why."""
    reader = _reader(prototxt, caffemodel)
    graph = reader.graph()
    unclear = {value for value in reader.tops.values() if value.shape == ()} if reader.problems else set()
    graph.nodes[:] = [node for node in graph.nodes if not unclear.intersection([*node.inputs, *node.outputs])]
    return graph, reader.problems


def _reader(prototxt: str | Path, caffemodel: str | Path | None) -> _Reader:
    load_layers()
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
    weights = caffe_proto.read_caffemodel(caffemodel).by_name() if caffemodel is not None else None
    return _Reader(net, weights, str(prototxt))


class _Reader:
    def __init__(self, net: dict[str, Any], weights: Mapping[str, Sequence[np.ndarray]] | None, path: str) -> None:
        self.net = net
        self.weights = weights
        self.path = path
        self.tops: dict[str, Value] = {}
        self.unread: dict[str, Value] = {}  # tops that nobody has read, in Caffe's order: the outputs
        self.names = Names()
        self.problems: list[Problem] = []
        self.shared: dict[str, np.ndarray] = {}

    def graph(self) -> Graph:
        graph = Graph(self.net.get("name") or Path(self.path).stem)
        for entry in self.net.get("layer", []):
            if not included(entry):
                continue
            if entry.get("type") == "Input":
                graph.inputs += self._inputs(entry)
                continue
            try:
                graph.nodes.append(self._node(entry))
            except Refused as error:
                self.problems.append(Problem(f"layer {entry.get('name', '')!r}", error.what, error.fix))
                for top in entry.get("top", []):
                    self.tops[top] = Value(top, ())
        graph.outputs = {value.name: value for value in self.unread.values()}
        return graph

    def _inputs(self, entry: dict[str, Any]) -> list[Value]:
        shapes = [tuple(shape.get("dim", ())) for shape in entry.get("input_param", {}).get("shape", [])]
        tops = entry.get("top", [])
        if len(shapes) == 1:
            shapes *= len(tops)
        if len(shapes) != len(tops):
            raise ConversionError(f"{self.path}: input layer {entry.get('name')!r} gives {len(tops)} tops no shape")
        return [self._new(top, shape) for top, shape in zip(tops, shapes, strict=True)]

    def _new(self, top: str, shape: tuple[int, ...]) -> Value:
        value = Value(self.names.unique(top), shape, top)
        self.tops[top] = self.unread[top] = value
        return value

    def _node(self, entry: dict[str, Any]) -> Node:
        kind, name = entry.get("type", ""), entry.get("name", "")
        inputs = [self._bottom(bottom) for bottom in entry.get("bottom", [])]
        if kind not in LAYERS:
            raise Refused(f"layer type {kind!r} is not known", FIX)
        cls = LAYERS[kind]
        shapes = [value.shape for value in inputs]
        if any(shape == () and value.name in self._failed() for shape, value in zip(shapes, inputs, strict=True)):
            return Node(name, cls.__new__(cls), inputs, [self._new(top, ()) for top in entry.get("top", [])])
        blobs = self._blobs(entry, name)
        layer = self._layer(cls, entry, shapes, blobs)
        blobs = _zeros(layer, shapes) if self.weights is None else _shaped(layer, shapes, blobs)
        outputs = self._outputs(entry, layer, shapes, blobs)
        return Node(name, layer, inputs, outputs, tuple(blobs))

    def _failed(self) -> set[str]:
        return {value.name for value in self.tops.values() if value.shape == ()} if self.problems else set()

    def _bottom(self, bottom: str) -> Value:
        if bottom not in self.tops:
            raise Refused(f"bottom {bottom!r} is the top of no layer before it", "name an earlier top")
        self.unread.pop(bottom, None)
        return self.tops[bottom]

    def _layer(self, cls: type[Layer], entry: dict[str, Any], shapes: Any, blobs: Any) -> Layer:
        param = entry.get(cls.param, {}) if cls.param else {}
        more = {"tops": len(entry.get("top", []))} if "tops" in inspect.signature(cls.from_caffe).parameters else {}
        try:
            return cls.from_caffe(param, shapes, blobs, **more)
        except (KeyError, TypeError, IndexError) as error:
            raise Refused(f"{cls.type} lacks a setting: {error}", f"complete its {cls.param}") from error

    def _outputs(self, entry: dict[str, Any], layer: Layer, shapes: Any, blobs: Any) -> list[Value]:
        tops = entry.get("top", [])
        if not tops:
            return []
        try:
            found = infer(layer, shapes, blobs)
        except (IndexError, ValueError) as error:
            raise Refused(
                f"{layer.type} does not fit its weights: {error}", "give the caffemodel of this prototxt"
            ) from error
        if layer.type == "Split":
            found = found * len(tops)
        if len(found) != len(tops):
            raise Refused(f"{layer.type} gives {len(found)} tops, the file names {len(tops)}", "name as many tops")
        return [self._new(top, shape) for top, shape in zip(tops, found, strict=True)]

    def _blobs(self, entry: dict[str, Any], name: str) -> list[np.ndarray]:
        blobs = list(self.weights.get(name, ())) if self.weights is not None else []
        for index, spec in enumerate(entry.get("param", [])[: len(blobs)]):
            if spec.get("name"):
                blobs[index] = self.shared.setdefault(spec["name"], blobs[index])
        return blobs


def included(entry: dict[str, Any]) -> bool:
    """Whether a layer is part of the TEST-phase network: Caffe's include and exclude rules, as far as phases go."""
    if entry.get("include"):
        return any(rule.get("phase", "TEST") == "TEST" for rule in entry["include"])
    return not any(rule.get("phase", "TEST") == "TEST" for rule in entry.get("exclude", []))


def _shaped(layer: Layer, shapes: Sequence[tuple[int, ...]], blobs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The blobs in the shapes that the layer wants: old files pad them with ones. Raises Refused if they do not fit."""
    wanted = layer.blob_shapes(shapes)
    if [blob.size for blob in blobs] != [int(np.prod(shape)) for shape in wanted]:
        have = ", ".join(str(list(blob.shape)) for blob in blobs) or "none"
        need = ", ".join(str(list(shape)) for shape in wanted) or "none"
        raise Refused(
            f"{layer.type} needs weights {need}; the caffemodel has {have}", "give the caffemodel of this prototxt"
        )
    return [b if b.shape == tuple(s) else b.reshape(s) for b, s in zip(blobs, wanted, strict=True)]


def _zeros(layer: Layer, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Weights that are all zero and take no memory, however large a file says they are."""
    return [np.broadcast_to(np.float32(0), shape) for shape in layer.blob_shapes(shapes)]

"""Prototxt and caffemodel to Graph."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto
from caffe_proto import FilePaths

from ...errors import ConversionError, Problem, Refused, UnsupportedError
from ...graph.graph import Graph, Names, Node, Value
from ...graph.nonfinite import warn_of_nonfinite
from ...graph.registry import LAYERS, Layer, load_layers
from ...layers.basic.parameter import Constant
from ...layers.basic.silence import Silence
from ...layers.convolution.convolution import Convolution
from ...layers.convolution.deconvolution import Deconvolution
from ...passes.unique_names import unique_names
from ...runtime.infer import infer
from ...runtime.source import arity
from . import training_layers as training
from .memory import Memory
from .weights import Weights, advice

FIX = "register the layer (docs/adding-a-layer.md)"

InputShape = Sequence[int] | Mapping[str, Sequence[int]]


def load_caffe(
    prototxt: str | Path,
    caffemodel: FilePaths | None = None,
    *,
    input_shape: InputShape | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
) -> Graph:
    """Reads a Caffe network for inference (TEST phase), without Caffe.

    prototxt:    any generation of the format (V0, V1, input_dim headers too), a deploy file or one for training.
    caffemodel:  its weights, by layer name as in Caffe; a file, a list of shards, or "a.caffemodel,b.caffemodel".
                 Without it, layers that have weights get zeros.
    input_shape: the shape of its only input, or of inputs by name, instead of what the file gives.
    stages:      for the file's include and exclude rules, in addition to those that its `state` names.
    level:       likewise; as in Caffe, the level in the file's `state` is ignored.

    Data layers become inputs. Losses are left out, with what only they read; SoftmaxWithLoss becomes its Softmax,
    SigmoidCrossEntropyLoss its Sigmoid.
    Values are named after their tops; after a layer that works in place (top = bottom) with a number appended.
    Raises UnsupportedError naming every layer that is not supported, ConversionError for files that are damaged or do
    not match.
    """
    reader = _reader(prototxt, caffemodel, input_shape, stages, level)
    graph = reader.graph()
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from {prototxt}")
    if not graph.inputs:
        raise ConversionError(f"{prototxt}: the network has no input")
    reader.check_shapes(graph)
    warn_of_nonfinite(graph)
    return graph


def load_supported(prototxt: str | Path, caffemodel: FilePaths | None = None) -> tuple[Graph, list[Problem]]:
    """As `load_caffe`, but leaves out layers that are not supported, and what depends on them, and lists why."""
    reader = _reader(prototxt, caffemodel)
    graph = reader.graph()
    unclear = {value for value in reader.tops.values() if value.shape == ()} if reader.problems else set()
    graph.nodes[:] = [node for node in graph.nodes if not unclear.intersection([*node.inputs, *node.outputs])]
    warn_of_nonfinite(graph)
    return graph, reader.problems


def _reader(
    prototxt: str | Path,
    caffemodel: FilePaths | None,
    input_shape: InputShape | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
) -> _Reader:
    load_layers()
    try:
        net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
        weights = caffe_proto.blobs_by_name(caffemodel) if caffemodel is not None else None
    except caffe_proto.CaffeFormatError as error:
        raise ConversionError(str(error)) from error
    state = net.get("state", {})
    stages = [*stages, *state.get("stage", [])]
    layers = [entry for entry in net.get("layer", []) if caffe_proto.included(entry, stages, level)]
    by_layer = Weights(weights, advice(caffemodel))
    return _Reader(net.get("name") or Path(prototxt).stem, layers, by_layer, str(prototxt), input_shape)


class _Reader:
    def __init__(
        self,
        name: str,
        layers: list[dict[str, Any]],
        weights: Weights,
        path: str,
        input_shape: InputShape | None,
    ) -> None:
        self.name = name
        self.layers = layers
        self.weights = weights
        self.path = path
        self.given = input_shape if input_shape is not None else {}
        self.tops: dict[str, Value] = {}
        self.unread: dict[str, Value] = {}  # tops that no layer has read, in Caffe's order: the outputs
        self.data: dict[str, tuple[dict[str, Any], int]] = {}  # tops of data layers that no layer has read
        self.order: list[str] = []  # names of inputs in the order of the file
        self.compared: set[str] = set()  # tops that omitted layers read
        self.names = Names()
        self.problems: list[Problem] = []
        self.inputs: list[Value] = []
        self.memory = Memory()

    def graph(self) -> Graph:
        graph = Graph(self.name)
        for entry in self.layers:
            try:
                graph.nodes += self._take(entry)
            except Refused as error:
                self.problems.append(Problem(f"layer {entry.get('name', '')!r}", error.what, error.fix))
                for top in entry.get("top", []):
                    self.tops[top] = Value(top, ())
        for value in self.unread.values():
            try:
                self.memory.check(value)
            except Refused as error:
                self.problems.append(Problem(f"output {value.top!r}", error.what, error.fix))
        unique_names(graph)
        labels = {v for v in self.inputs if self.unread.get(v.top) is v and v.top in self.compared}
        graph.inputs = sorted((v for v in self.inputs if v not in labels), key=lambda v: self.order.index(v.top))
        graph.outputs = {value.name: value for value in self.unread.values() if value not in labels}
        return graph

    def check_shapes(self, graph: Graph) -> None:
        """Raises ConversionError if the shapes given are not those of the inputs."""
        names = [value.top for value in graph.inputs]
        listed = ", ".join(map(repr, names))
        if not isinstance(self.given, Mapping):
            if len(names) > 1:
                raise ConversionError(f"{self.path}: one input_shape for the inputs {listed}: give a dict")
        elif unknown := [name for name in self.given if name not in names]:
            raise ConversionError(f"{self.path}: input_shape names {unknown[0]!r}; the inputs are {listed}")

    def _take(self, entry: dict[str, Any]) -> list[Node]:
        """The nodes of a layer, usually one."""
        kind = entry.get("type", "")
        if kind == "Input":
            self._inputs(entry)
            return []
        if kind in training.DATA:
            return self._data(entry)
        if kind in training.LEFT_OUT:
            self.compared.update(entry.get("bottom", []))
            return []
        if kind in training.OUTPUT_OF:
            self.compared.update(entry.get("bottom", [])[1:])
            entry = training.output_layer(entry, self.tops)
        if kind in training.REFUSED:
            what, fix = training.REFUSED[kind]
            raise Refused(f"{kind}: {what}", fix)
        if kind == Silence.type:
            entry = {**entry, "bottom": [b for b in entry.get("bottom", []) if b not in self.data]}
            if not entry["bottom"]:
                return []
        nodes = [self._node(one) for one in _one_by_one(entry)]
        for index, node in enumerate(nodes[1:], 1):
            node.name = f"{node.name}_{index}"
        return nodes

    def _inputs(self, entry: dict[str, Any]) -> None:
        shapes = [tuple(shape.get("dim", ())) for shape in entry.get("input_param", {}).get("shape", [])]
        tops = entry.get("top", [])
        if len(shapes) == 1:
            shapes *= len(tops)
        shapes = shapes or [shape for top in tops if (shape := self._given(top)) is not None]
        if len(shapes) != len(tops):
            raise ConversionError(f"{self.path}: input layer {entry.get('name')!r} gives {len(tops)} tops no shape")
        for top, shape in zip(tops, shapes, strict=True):
            if min(shape, default=0) < 0:
                raise ConversionError(f"{self.path}: input {top!r} of shape {list(shape)}")
            self.order.append(top)
            self._input(entry, top, self._given(top) or shape)

    def _input(self, entry: dict[str, Any], top: str, shape: tuple[int, ...]) -> Value:
        value = self._new(top, shape)
        value.about = training.about(entry, shape)
        self.inputs.append(value)
        return value

    def _given(self, top: str) -> tuple[int, ...] | None:
        shape = self.given.get(top) if isinstance(self.given, Mapping) else self.given
        return None if shape is None else tuple(map(int, shape))

    def _data(self, entry: dict[str, Any]) -> list[Node]:
        """A data layer's tops become inputs when a layer reads them; constants of DummyData stay constants."""
        alone = not any(other.get("type") in training.DATA - {"DummyData"} | {"Input"} for other in self.layers)
        nodes = []
        for index, top in enumerate(entry.get("top", [])):
            value = training.dummy_value(entry, index) if entry["type"] == "DummyData" and not alone else None
            if value is None:
                self.data[top] = entry, index
                self.order.append(top)
                continue
            shape = training.data_shape(entry, index, None)
            blob = np.broadcast_to(np.float32(value), shape)
            nodes.append(Node(entry.get("name", ""), Constant(shape), [], [self._new(top, shape)], (blob,)))
        return nodes

    def _channels(self, top: str) -> int | None:
        """The input channels of the convolution that reads a top, from its weights."""
        for entry in self.layers:
            blobs = self.weights.of(entry)
            if (
                top in entry.get("bottom", [])
                and entry.get("type") == Convolution.type
                and blobs
                and blobs[0].ndim == 4
            ):
                return int(blobs[0].shape[1] * entry.get("convolution_param", {}).get("group", 1))
        return None

    def _new(self, top: str, shape: tuple[int, ...]) -> Value:
        value = Value(self.names.unique(top), shape, top)
        self.tops[top] = self.unread[top] = value
        return value

    def _node(self, entry: dict[str, Any]) -> Node:
        kind, name = entry.get("type", ""), entry.get("name", "")
        inputs = [self._bottom(bottom) for bottom in entry.get("bottom", [])]
        if kind not in LAYERS:
            raise Refused(f"layer type {kind!r} is not supported", FIX)
        training.check_phase(entry)
        cls = LAYERS[kind]
        if not inputs and cls is not Constant:
            raise Refused(f"{kind} without a bottom", "name its input")
        shapes = [value.shape for value in inputs]
        if any(shape == () and value.name in self._failed() for shape, value in zip(shapes, inputs, strict=True)):
            return Node(name, cls.__new__(cls), inputs, [self._new(top, ()) for top in entry.get("top", [])])
        blobs = self.weights.of(entry)
        layer = self._layer(cls, entry, shapes, blobs)
        blobs = self.weights.fit(entry, layer, shapes, blobs)
        outputs = self._outputs(entry, layer, shapes, blobs)
        self.memory.wrote(name, layer, inputs, outputs, self.tops.values())
        return Node(name, layer, inputs, outputs, tuple(blobs))

    def _failed(self) -> set[str]:
        return {value.name for value in self.tops.values() if value.shape == ()} if self.problems else set()

    def _bottom(self, bottom: str) -> Value:
        if bottom in self.data:
            entry, index = self.data.pop(bottom)
            shape = self._given(bottom) or training.data_shape(entry, index, self._channels(bottom))
            self._input(entry, bottom, shape)
        if bottom not in self.tops:
            raise Refused(f"bottom {bottom!r} is the top of no layer before it", "name an earlier top")
        self.unread.pop(bottom, None)
        self.memory.check(self.tops[bottom])
        return self.tops[bottom]

    def _layer(self, cls: type[Layer], entry: dict[str, Any], shapes: Any, blobs: Any) -> Layer:
        param = entry.get(cls.param, {}) if cls.param else {}
        more = {"tops": len(entry.get("top", []))} if "tops" in inspect.signature(cls.from_caffe).parameters else {}
        try:
            return cls.from_caffe(param, shapes, blobs, **more)
        except (KeyError, TypeError, IndexError, ZeroDivisionError) as error:
            raise Refused(f"{cls.type} lacks a setting: {error}", f"complete its {cls.param}") from error

    def _outputs(self, entry: dict[str, Any], layer: Layer, shapes: Any, blobs: Any) -> list[Value]:
        tops = entry.get("top", [])
        if not tops:
            return []
        try:
            found = infer(layer, shapes, blobs)
        except (IndexError, ValueError) as error:
            raise Refused(f"{layer.type} does not fit its weights: {error}", self.weights.fix) from error
        taken = arity(layer.to_torch(shapes, blobs))
        if taken not in (None, len(shapes)):
            raise Refused(f"{layer.type} takes {taken} bottoms; the file names {len(shapes)}", "correct its bottoms")
        if len(found) != len(tops):
            raise Refused(f"{layer.type} gives {len(found)} tops; the file names {len(tops)}", "correct its tops")
        return [self._new(top, shape) for top, shape in zip(tops, found, strict=True)]


def _one_by_one(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """A convolution of several bottoms as one per bottom, with the same weights; any other layer unchanged."""
    bottoms, tops = entry.get("bottom", []), entry.get("top", [])
    if entry.get("type") not in (Convolution.type, Deconvolution.type) or len(bottoms) < 2 or len(bottoms) != len(tops):
        return [entry]
    return [{**entry, "bottom": [bottom], "top": [top]} for bottom, top in zip(bottoms, tops, strict=True)]

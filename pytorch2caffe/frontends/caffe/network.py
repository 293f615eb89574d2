"""The layers of a Caffe network, one by one, to nodes of a Graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caffe_proto import UnknownField

from ...errors import ConversionError, Problem, Refused
from ...graph.caffe_rules import CaffeNode, rule_for
from ...graph.graph import Graph, Names, Node, Value
from ...graph.registry import LAYERS, Layer
from ...layers.basic.parameter import Constant
from ...layers.basic.silence import Silence
from ...layers.convolution.convolution import Convolution
from ...layers.convolution.deconvolution import Deconvolution
from ...passes.join_unpools import join_unpools
from ...passes.unique_names import unique_names
from ...runtime.infer import infer
from ...runtime.source import arity
from . import training_layers as training
from .composed import composed, layer_of
from .limits import check_blob, check_settings, written_twice
from .memory import Memory
from .outputs import name_after_tops
from .python_layers import known_python_layer
from .reading import CaffeReading, last_before
from .settings import Settings, not_honoured
from .weights import Weights

FIX = "register the layer (docs/adding-a-layer.md), or end the network before it (--end)"


class NetworkReader:
    """Makes nodes of layers.

    excluded: the layers of the file that are not in the network. unknown: fields that caffe.proto does not have.
    """

    def __init__(
        self,
        name: str,
        layers: list[dict[str, Any]],
        excluded: list[dict[str, Any]],
        unknown: Sequence[UnknownField],
        weights: Weights,
        path: str,
        reading: CaffeReading,
    ) -> None:
        self.name = name
        self.layers = layers
        self.excluded = excluded
        self.unknown = unknown
        self.weights = weights
        self.path = path
        self.reading = reading
        self.given = reading.input_shape if reading.input_shape is not None else {}
        self.tops: dict[str, Value] = {}
        self.unread: dict[str, Value] = {}  # tops that no layer has read, in Caffe's order: the outputs
        self.data: dict[str, tuple[dict[str, Any], int]] = {}  # tops of data layers that no layer has read
        self.order: list[str] = []  # names of inputs in the order of the file
        self.compared: set[str] = set()  # tops that omitted layers read
        self.gone: set[str] = set()  # tops of omitted layers
        self.names = Names()
        self.problems: list[Problem] = [*written_twice(layers)]
        self.failed: list[dict[str, Any]] = []  # the layers that have problems
        self.inputs: list[Value] = []
        self.memory = Memory()

    def graph(self) -> Graph:
        """The network as a graph; `problems` then lists what cannot be in it."""
        graph = Graph(self.name)
        for entry in self.layers:
            try:
                graph.nodes += self._take(entry)
            except Refused as error:
                self._refuse(entry, error)
                for top in entry.get("top", []):
                    self.tops[top] = Value(top, ())
        for name in self.reading.end:
            self.unread[name] = self.tops[name]
        for value in self.unread.values():
            try:
                self.memory.check(value)
            except Refused as error:
                self.problems.append(Problem(f"output {value.top!r}", error.what, error.fix))
        unique_names(graph)
        labels = {v for v in self.inputs if self.unread.get(v.top) is v and v.top in self.compared}
        graph.inputs = sorted((v for v in self.inputs if v not in labels), key=lambda v: self.order.index(v.top))
        outputs = [value for value in self.unread.values() if value not in labels]
        if self.reading.end:
            outputs = [self.tops[name] for name in self.reading.end]
        name_after_tops(graph, outputs)
        graph.outputs = {value.name: value for value in outputs}
        join_unpools(graph)
        return graph

    def _refuse(self, entry: dict[str, Any], error: Refused | None) -> None:
        if error is not None:
            self.problems.append(Problem(f"layer {entry.get('name', '')!r}", error.what, error.fix))
            self.failed.append(entry)

    def advice(self) -> str:
        """Where the network can be cut so that it has none of the problems; "" if nowhere."""
        layers = [entry for entry in self.layers if not training.is_for_training(entry)]
        failed = {top for entry in self.failed for top in entry.get("top", [])}
        ends = last_before([entry for entry in layers if entry.get("type") != Silence.type], failed)
        options = " ".join(f"--end {name}" for name in ends)
        return f"What does not depend on these can be converted: {options}" if ends and failed else ""

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
        entry = known_python_layer(entry)
        kind = entry.get("type", "")
        if kind == "Input":
            self._inputs(entry)
            return []
        if training.is_data(entry):
            return self._data(entry)
        if (
            training.is_left_out(kind)
            or training.is_for_training(entry)
            and self.gone.intersection(entry.get("bottom", []))
        ):
            self.compared.update(entry.get("bottom", []))
            self.gone.update(top for top in entry.get("top", []) if top not in self.tops)
            return []
        if kind in training.OUTPUT_OF:
            self.compared.update(entry.get("bottom", [])[1:])
            entry = training.output_layer(entry, self.tops)
        training.check_type(kind)
        if kind == Silence.type:
            absent = {*self.data, *self.gone}
            entry = {**entry, "bottom": [b for b in entry.get("bottom", []) if b not in absent]}
            if not entry["bottom"]:
                return []
        found = [node for one in _one_by_one(entry) for node in self._nodes(one)]
        for index, node in enumerate(found[1:] if len(_one_by_one(entry)) > 1 else [], 1):
            node.name = f"{node.name}_{index}"
        return found

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
        if self.reading.batch is not None and shape and top not in self.reading.start:
            shape = (self.reading.batch, *shape[1:])
        value = self._new(top, shape)
        value.about = training.about(entry, shape)
        self.inputs.append(value)
        return value

    def _given(self, top: str) -> tuple[int, ...] | None:
        shape = self.given.get(top) if isinstance(self.given, Mapping) else self.given
        return None if shape is None else tuple(map(int, shape))

    def _data(self, entry: dict[str, Any]) -> list[Node]:
        """A data layer's tops become inputs when a layer reads them; constants of DummyData stay constants."""
        alone = not any(
            other.get("type") == "Input" or training.is_data(other) and other.get("type") != "DummyData"
            for other in self.layers
        )
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
            if top in entry.get("bottom", []) and entry.get("type") == Convolution.type:
                blobs = self.weights.of(entry)
                if blobs and blobs[0].ndim == 4:
                    return int(blobs[0].shape[1] * entry.get("convolution_param", {}).get("group", 1))
        return None

    def _new(self, top: str, shape: tuple[int, ...]) -> Value:
        return self._named(Value(top, shape), top)

    def _named(self, value: Value, top: str) -> Value:
        """The value as that of a top, under a name that is unique."""
        check_blob(f"top {top!r}", value.shape)
        value.name, value.top = self.names.unique(top), top
        self.tops[top] = self.unread[top] = value
        return value

    def _nodes(self, entry: dict[str, Any]) -> list[Node]:
        kind, name = entry.get("type", ""), entry.get("name", "")
        inputs = [self._bottom(bottom) for bottom in entry.get("bottom", [])]
        blobs = self.weights.of(entry)
        cls, rule = LAYERS.get(kind), rule_for(kind, len(entry.get("top", [])), len(blobs))
        unknown = [field for field in self.unknown if field.layer == name]
        if cls is None and rule is None:
            wrong = next((field for field in unknown if field.name == "type"), None)
            raise Refused(f"layer type {wrong.value if wrong else repr(kind)} is not supported", FIX)
        training.check_phase(entry)
        if entry.get("blobs"):
            raise Refused("weights in the prototxt", "move them to the caffemodel")
        if not inputs and cls is not Constant:
            raise Refused(f"{kind} without a bottom", "name its input")
        param = (rule.param if rule else cls.param if cls else "") or ""
        check_settings(entry.get(param, {}))
        settings = Settings(entry.get(param, {}))
        shapes = [value.shape for value in inputs]
        if self.problems and () in shapes:  # it depends on a layer that has a problem
            for top in entry.get("top", []):
                self._new(top, ())
            self._refuse(entry, not_honoured(Settings({}), param, unknown, self.reading.ignore_fields))
            return []
        if rule is not None:
            weights = blobs if self.weights.known else None
            node = CaffeNode(kind, len(entry.get("top", [])), settings, weights)
            nodes, values = composed(rule, node, name, inputs)
            self._refuse(entry, not_honoured(settings, param, unknown, self.reading.ignore_fields))
            outputs = self._results(nodes, values, entry.get("top", []))
            self.memory.wrote(name, None, inputs, outputs, rule.in_place)
            return nodes
        assert cls is not None
        layer = layer_of(cls, settings, shapes, blobs, len(entry.get("top", [])))
        self._refuse(entry, not_honoured(settings, param, unknown, self.reading.ignore_fields))
        fitted = self.weights.fit(entry, layer, shapes, blobs)
        for blob in fitted:
            check_blob("a weight", blob.shape)
        outputs = self._outputs(entry, layer, shapes, fitted)
        self.memory.wrote(name, layer, inputs, outputs)
        return [Node(name, layer, inputs, outputs, tuple(fitted))]

    def _results(self, nodes: list[Node], values: list[Value], tops: Sequence[str]) -> list[Value]:
        """The values of a layer's tops, under their names; those between its nodes get unique ones."""
        for value in (value for node in nodes for value in node.outputs if value not in values):
            value.name = self.names.unique(value.name)
        return [self._named(value, top) for value, top in zip(values, tops, strict=True)]

    def _bottom(self, bottom: str) -> Value:
        if bottom in self.data:
            entry, index = self.data.pop(bottom)
            shape = self._given(bottom) or training.data_shape(entry, index, self._channels(bottom))
            self._input(entry, bottom, shape)
        if bottom not in self.tops:
            raise training.missing_bottom(bottom, self.excluded, self.reading.phase)
        self.unread.pop(bottom, None)
        self.memory.check(self.tops[bottom])
        return self.tops[bottom]

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

"""Prototxt and caffemodel to Graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import caffe_proto
from caffe_proto import FilePaths

from ...errors import ConversionError, Problem, UnsupportedError
from ...formats.kinds import kind_of
from ...graph.graph import Graph
from ...graph.nonfinite import warn_of_nonfinite
from ...graph.registry import load_layers
from .network import NetworkReader
from .reading import CaffeReading, InputShape, cut
from .weights import Weights, advice


def load_caffe(
    prototxt: str | Path,
    caffemodel: FilePaths | None = None,
    *,
    input_shape: InputShape | None = None,
    batch: int | None = None,
    phase: str = "TEST",
    stages: Sequence[str] = (),
    level: int = 0,
    start: Mapping[str, Sequence[int]] | None = None,
    end: Sequence[str] = (),
    ignore_fields: Collection[str] = (),
) -> Graph:
    """Reads a Caffe network for inference, without Caffe.

    prototxt:    any generation of the format (V0, V1, input_dim headers too), a deploy file or one for training.
    caffemodel:  its weights, by layer name as in Caffe; a file, a list of shards, or "a.caffemodel,b.caffemodel".
                 Without it, layers that have weights get zeros.
    input_shape: the shape of its only input, or of inputs by name, instead of what the file gives.
    batch:       the first size of every input, instead of what the file gives.
    phase:       TRAIN for the layers that the file includes in training; they compute as in testing all the same.
    stages:      for the file's include and exclude rules, in addition to those that its `state` names.
    level:       likewise; as in Caffe, the level in the file's `state` is ignored.
    start:       blobs that become inputs, with their shapes; what only they depend on is left out.
    end:         blobs that become the outputs; what they do not depend on is left out.
    ignore_fields: names of fields that are left out though they may change what a layer computes.

    Data layers become inputs. Losses are left out, with what only they read; SoftmaxWithLoss becomes its Softmax,
    SigmoidCrossEntropyLoss its Sigmoid.
    Values are named after their tops; where layers work in place (top = bottom) all but one with a number appended.
    Raises UnsupportedError naming every layer that is not supported, ConversionError for files that are damaged or do
    not match.
    """
    reading = CaffeReading(input_shape, batch, phase, stages, level, start or {}, end, ignore_fields)
    return load_as(prototxt, caffemodel, reading)


def load_as(prototxt: str | Path, caffemodel: FilePaths | None, reading: CaffeReading) -> Graph:
    """`load_caffe` with its arguments as one."""
    reader = _reader(prototxt, caffemodel, reading)
    graph = reader.graph()
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from {prototxt}", reader.advice())
    if not graph.inputs:
        what = "the network has no input" if reader.layers else "not a network: it has no layers"
        raise ConversionError(f"{prototxt}: {what}")
    reader.check_shapes(graph)
    warn_of_nonfinite(graph)
    return graph


def load_supported(
    prototxt: str | Path, caffemodel: FilePaths | None = None, reading: CaffeReading | None = None
) -> tuple[Graph, list[Problem]]:
    """As `load_caffe`, but leaves out layers that are not supported, and what depends on them, and lists why."""
    reader = _reader(prototxt, caffemodel, reading or CaffeReading())
    graph = reader.graph()
    written = {*graph.values()}
    graph.outputs = {name: value for name, value in graph.outputs.items() if value in written}
    warn_of_nonfinite(graph)
    return graph, reader.problems


def _reader(prototxt: str | Path, caffemodel: FilePaths | None, reading: CaffeReading) -> NetworkReader:
    load_layers()
    try:
        text = caffe_proto.read_prototxt(prototxt)
        net = caffe_proto.to_dict(text.net)
        weights = caffe_proto.blobs_by_name(caffemodel) if caffemodel is not None else None
    except caffe_proto.CaffeFormatError as error:
        raise _of_other_kind(prototxt, caffemodel) or ConversionError(str(error)) from error
    reading = replace(reading, stages=[*reading.stages, *net.get("state", {}).get("stage", [])])
    layers = [entry for entry in net.get("layer", []) if reading.includes(entry)]
    excluded = [entry for entry in net.get("layer", []) if not reading.includes(entry)]
    layers = cut(layers, reading, str(prototxt))
    by_layer = Weights(weights, advice(caffemodel))
    name = net.get("name") or Path(prototxt).stem
    return NetworkReader(name, layers, excluded, text.unknown, by_layer, str(prototxt), reading)


def _of_other_kind(prototxt: str | Path, caffemodel: FilePaths | None) -> ConversionError | None:
    """What to say of files that are not Caffe's, if they are of a known kind."""
    weights = caffe_proto.weight_files(caffemodel) if caffemodel is not None else []
    is_text = isinstance(prototxt, str) and any(mark in prototxt for mark in "{\n\0")
    for path in [*([] if is_text else [prototxt]), *weights]:
        if kind := kind_of(path):
            return ConversionError(f"{path}: {kind[0]}, not a Caffe file\n  fix: {kind[1].replace('FILE', str(path))}")
    return None

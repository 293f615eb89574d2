"""Caffe files for inputs of another batch, height or width."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import caffe_proto
from caffe_proto import FilePaths

from ..errors import ConversionError, DifferentError, Problem, Refused, UnsupportedError
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph, Shape, Value
from ..passes.fix_sizes import is_guard
from ..runtime.infer import infer
from ..runtime.random_inputs import random_inputs
from ..runtime.run import relative_l2, run

TOLERANCE = 1e-4  # of the norm, for a sample in another batch
EXPORT_AGAIN = "export the model with --input-shape"


def resize_files(
    prototxt: str | Path, caffemodel: FilePaths, prefix: str | Path, shapes: Sequence[Shape], *, check: bool = True
) -> Graph:
    """Writes a Caffe network for inputs of other shapes, as PREFIX.prototxt and PREFIX.caffemodel.

    caffemodel: as for `load_caffe`; the weights are copied as they are, shard by shard.
    shapes:     one for each input, in order.
    check:      run the new files before they appear; where only the batch differs, compare each sample with the old.

    The layers stay as they are: layers of this package that fit one size only have a Reshape before them, and
    any other layer that does not accept the shapes is found by inferring all shapes.

    Returns the graph as written. Raises UnsupportedError listing what fixes the old shapes, ConversionError for files
    that cannot be read and for other than one shape per input, DifferentError if a sample differs; then nothing is
    written.
    """
    old = load_caffe(prototxt, caffemodel)
    if len(shapes) != len(old.inputs):
        listed = ", ".join(map(repr, old.inputs))
        raise ConversionError(f"{prototxt} has {len(old.inputs)} inputs, {listed}: give --input-shape once for each")
    wanted = {value.top or value.name: tuple(shape) for value, shape in zip(old.inputs, shapes, strict=True)}
    if problems := _fixed_by(old, wanted):
        raise UnsupportedError(problems, f"resized to {', '.join('x'.join(map(str, s)) for s in shapes)}")
    sources = caffe_proto.weight_files(caffemodel)
    targets = caffe_proto.shard_names(f"{prefix}.caffemodel", len(sources))
    with caffe_proto.atomic_files(f"{prefix}.prototxt", *targets) as (text, *binaries):
        caffe_proto.write_prototxt(_with_inputs(prototxt, wanted), text)
        for source, binary in zip(sources, binaries, strict=True):
            shutil.copyfile(source, binary)
        new = load_caffe(text, binaries)
        if check:
            _compare(old, new)
    new.caffemodels = targets
    return new


def _with_inputs(prototxt: str | Path, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The network with other shapes in its Input layers."""
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
    for entry in net["layer"]:
        if entry["type"] == "Input":
            dims = [{"dim": list(shapes[top])} for top in entry["top"]]
            entry["input_param"] = {"shape": dims}
        elif unread := set(entry.get("top", [])).intersection(shapes):
            raise ConversionError(
                f"{prototxt}: the input {unread.pop()!r} is of a layer {entry['type']}: edit that layer"
            )
    return net


def _fixed_by(graph: Graph, wanted: Mapping[str, Shape]) -> list[Problem]:
    """The layers that do not accept inputs of these shapes: all Reshapes to a fixed size, up to the first other."""
    shapes: dict[Value, Shape] = {value: wanted[value.top or value.name] for value in graph.inputs}
    problems = []
    for node in graph.nodes:
        inputs = [shapes[value] for value in node.inputs]
        try:
            outputs = infer(node.layer, inputs, node.blobs)
        except Refused as error:
            where, guard = f"{node.name} ({node.layer.type})", is_guard(node)
            only = f"what reads it is right for {list(node.outputs[0].shape)} only, and this is {list(inputs[0])}"
            problems.append(Problem(where, only if guard else error.what, EXPORT_AGAIN))
            if not guard:
                return problems
            outputs = inputs
        shapes.update(zip(node.outputs, map(tuple, outputs), strict=True))
    return problems


def _compare(old: Graph, new: Graph) -> None:
    """Runs the new network. Where only the batch is larger, its samples must give what they give in the old one."""
    inputs = random_inputs(new)
    actual = _outputs(new, inputs)
    pairs = [(a.shape, b.shape) for a, b in zip(old.inputs, new.inputs, strict=True)]
    if any(a[1:] != b[1:] or a[0] > b[0] for a, b in pairs) or len({(a[0], b[0]) for a, b in pairs}) > 1:
        return
    (batch, _), *_ = ((a[0], b[0]) for a, b in pairs)
    names = zip(old.inputs, new.inputs, strict=True)
    expected = _outputs(old, {a.name: inputs[b.name][:batch] for a, b in names})
    for value, few, all_samples in zip(old.outputs.values(), expected, actual, strict=True):
        if not (difference := relative_l2(all_samples[: len(few)], few)) <= TOLERANCE:
            raise DifferentError(f"the samples of a larger batch give other numbers: {value} by {difference:.1e}", None)


def _outputs(graph: Graph, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    blobs = {top: array for (_, top), array in run(graph, inputs).items()}
    return [blobs[value.top or value.name] for value in graph.outputs.values()]

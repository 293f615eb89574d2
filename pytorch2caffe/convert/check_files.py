"""Any Caffe file, ours or not, against what one reader of Caffe files takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import caffe_proto
from caffe_proto import FilePaths

from ..backends.caffe.check import limits, missing
from ..backends.caffe.dialect import Dialect
from ..errors import Problem
from ..frontends.caffe.reader import load_supported
from ..frontends.caffe.weights import advice
from ..graph.registry import LAYERS, load_layers

REWRITTEN = "pytorch2caffe lower writes it in today's form"

CORRECT = "correct its spelling, or remove it"


def check_files(prototxt: str | Path, caffemodel: FilePaths | None, target: Dialect) -> list[Problem]:
    """Every problem that a reader has with a network's files, layer by layer, each with its fix.

    prototxt:   any generation of the format. Unknown layers and fields are problems, not errors.
    caffemodel: its weights, as for `load_caffe`; without it they are not looked at.

    Returns an empty list if the reader takes them. Raises CaffeFormatError, ConversionError or OSError for what
    cannot be read at all.
    """
    load_layers()
    text = caffe_proto.read_prototxt(prototxt)
    layers = [entry for entry in caffe_proto.to_dict(text.net).get("layer", []) if caffe_proto.included(entry)]
    problems = [*_old_forms(prototxt, target), *_unknown(text.unknown, target)]
    for entry in layers:
        problems += _settings(entry, target)
    problems += _twice(layers)
    if caffemodel is not None:
        problems += [*_files(caffemodel, target), *_weights(layers, caffemodel)]
    graph, unread = load_supported(prototxt, caffemodel)
    said = {problem.where for problem in problems}
    problems += [problem for problem in unread if problem.where not in said]
    if not graph.inputs:
        problems.append(Problem("the file", "the network has no input", "begin with a layer of type Input"))
    problems += limits(graph, target)
    return list(dict.fromkeys(problems))


def count_layers(prototxt: str | Path) -> int:
    """How many layers a network has at inference."""
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
    return sum(caffe_proto.included(entry) for entry in net.get("layer", []))


def _old_forms(prototxt: str | Path, target: Dialect) -> Iterator[Problem]:
    if target.limits.old_forms:
        return
    text = re.sub(r"#.*", "", Path(prototxt).read_text(encoding="utf-8", errors="replace"))
    if re.search(r"(^|[\s}])layers\s*:?\s*\{", text):
        yield Problem("the file", f"`layers`, the form of before 2015, which {target.name} does not read", REWRITTEN)
    if re.search(r"(^|[\s}])input\s*:", text):
        yield Problem("the file", f"an `input:` header, of which {target.name} makes no input", REWRITTEN)


def _unknown(unknown: tuple[str, ...], target: Dialect) -> Iterator[Problem]:
    for item in unknown:
        where, _, what = item.partition(": ")
        yield Problem(where, f"{what} is in no caffe.proto that this package knows", CORRECT)


def _settings(entry: dict[str, Any], target: Dialect) -> Iterator[Problem]:
    """Types and fields of one layer of the file that the reader lacks."""
    type, where = entry.get("type", ""), f"layer {entry.get('name', '')!r}"
    if type not in target.layers and type in ("Input", "Split"):
        return
    param = LAYERS[type].param if type in LAYERS else next((key for key in entry if key.endswith("_param")), None)
    settings = entry.get(param or "", {})
    taken = target.fields(type)
    fields = [name for name in settings if name not in taken and name not in target.ignores]
    yield from missing(where, type, {name: _spelled(type, name, settings[name], target) for name in fields}, target)


def _spelled(type: str, name: str, value: Any, target: Dialect) -> str:
    """How the reader spells this field, if it does so otherwise: `write ceil_mode: false`."""
    other = target.spelling.get(f"{type}.{name}")
    if other is None:
        return ""
    said = other.values.get(str(value), value)
    return f"write {other.field}: {str(said).lower() if isinstance(said, bool) else said}"


def _twice(layers: list[dict[str, Any]]) -> Iterator[Problem]:
    for name, count in Counter(entry.get("name", "") for entry in layers).items():
        if count > 1:
            yield Problem(f"layer {name!r}", f"{count} layers have this name: weights are found by it", "rename them")


def _files(caffemodel: FilePaths, target: Dialect) -> Iterator[Problem]:
    count, most = len(caffe_proto.weight_files(caffemodel)), target.limits.caffemodels
    if most is not None and count > most:
        what = f"{count} caffemodels; {target.name} accepts at most {most}"
        yield Problem("the weights", what, "pytorch2caffe lower writes one, if all fit into 2^31 - 1 bytes")


def _weights(layers: list[dict[str, Any]], caffemodel: FilePaths) -> Iterator[Problem]:
    held, fix = caffe_proto.blobs_by_name(caffemodel), advice(caffemodel)
    for entry in layers:
        name, type = entry.get("name", ""), entry.get("type", "")
        if (
            type in LAYERS
            and LAYERS[type].needs_weights
            and (type != "Scale" or len(entry.get("bottom", [])) == 1)
            and not held.get(name)
        ):
            yield Problem(f"layer {name!r}", f"no weights for this {type} in the caffemodel", fix)

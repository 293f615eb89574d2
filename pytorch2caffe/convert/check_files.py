"""Checks any Caffe file, whatever wrote it, against what one consumer of Caffe files supports."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import caffe_proto
from caffe_proto import FilePaths

from ..backends.caffe.check import WITHOUT, alternative_to, limits, location, lowering_advice_text, missing
from ..backends.caffe.dialect import Dialect
from ..backends.caffe.lower import DialectTarget
from ..errors import Problem
from ..frontends.caffe.reader import load_supported
from ..frontends.caffe.reading import CaffeReading, cut
from ..frontends.caffe.training_layers import is_for_training
from ..frontends.caffe.weights import advice
from ..graph import lowering
from ..graph.graph import Graph, Node
from ..graph.registry import LAYERS, load_layers
from ..runtime.infer import infer

LOWER = "run pytorch2caffe lower, which writes the current format"
CORRECT = "correct its spelling; if it changes nothing at inference, remove it"
IN_OTHER_FIELDS = "run pytorch2caffe lower, which writes it in fields that {} has"
LEAVE_OUT = "run pytorch2caffe lower, which leaves them out, or use a deploy.prototxt"


def check_files(
    prototxt: str | Path, caffemodel: FilePaths | None, target: Dialect, reading: CaffeReading | None = None
) -> list[Problem]:
    """Everything that a consumer does not support in the files of a network, layer by layer, each with its fix.

    prototxt:   any generation of the format. Unknown layers and fields are problems, not errors.
    caffemodel: its weights, as for `load_caffe`; None: they are not checked.
    reading:    the arguments of `load_caffe`, which part of the file is meant.

    Returns an empty list if all of it is supported. Raises CaffeFormatError, ConversionError or OSError for files that
    cannot be read at all.
    """
    load_layers()
    reading = reading or CaffeReading()
    try:
        text = caffe_proto.read_prototxt(prototxt)
    except caffe_proto.CaffeFormatError:
        load_supported(prototxt)  # raises an error that names another kind of file
        raise
    layers = layers_of(text, reading, str(prototxt))
    problems = [*_old_forms(prototxt, target), *_unknown(text.unknown, target)]
    problems += _training(layers, target)
    for entry in layers:
        problems += _settings(entry, target)
    problems += _duplicate_names(layers)
    if caffemodel is not None:
        problems += [*_file_count(caffemodel, target), *_missing_weights(layers, caffemodel, target)]
    reading = replace(reading, ignore_fields=[*reading.ignore_fields, *(field.name for field in text.unknown)])
    graph, unread = load_supported(prototxt, caffemodel, reading)
    reported = {problem.where for problem in problems}
    problems += [_of_this_package(problem) for problem in unread if problem.where not in reported]
    if not graph.inputs:
        problems.append(Problem("the file", "the network has no input", "begin it with a layer of type Input"))
    problems += limits(graph, target)
    return _with_true_advice(list(dict.fromkeys(problems)), graph, target)


def _with_true_advice(problems: list[Problem], graph: Graph, target: Dialect) -> list[Problem]:
    """The problems, with another fix where `pytorch2caffe lower` would refuse the layer too."""
    advice, nodes = lowering_advice_text(target), {location(node): node for node in graph.nodes}
    found = []
    for problem in problems:
        node = nodes.get(problem.where)
        if node is not None and problem.fix == WITHOUT and _can_be_lowered(node, target):
            problem = replace(problem, fix=IN_OTHER_FIELDS.format(target.name))
        elif node is not None and problem.fix == advice and not _can_be_lowered(node, target):
            problem = replace(problem, fix=alternative_to(node.layer.type, target, lowered=True))
        found.append(problem)
    return found


def _of_this_package(problem: Problem) -> Problem:
    """A problem of reading; of a layer that this package does not know it is not one of the consumer."""
    unknown = problem.what.startswith("layer type ")
    return replace(problem, what=f"not checked, nor what depends on it: {problem.what} here") if unknown else problem


def _can_be_lowered(node: Node, target: Dialect) -> bool:
    alone = Graph("layer", list(dict.fromkeys(node.inputs)), {}, [node])
    return not lowering.lower(alone, DialectTarget(target), infer).problems


def layers_of(text: caffe_proto.Prototxt, reading: CaffeReading, path: str) -> list[dict[str, Any]]:
    """The layers of a file that a reading includes."""
    entries = caffe_proto.to_dict(text.net).get("layer", [])
    return cut([entry for entry in entries if reading.includes(entry)], reading, path)


def count_layers(prototxt: str | Path, reading: CaffeReading | None = None) -> int:
    """How many layers a network has at inference, without those of type Input, as the other commands count them."""
    layers = layers_of(caffe_proto.read_prototxt(prototxt), reading or CaffeReading(), str(prototxt))
    return sum(layer.get("type") != "Input" for layer in layers)


def _old_forms(prototxt: str | Path, target: Dialect) -> Iterator[Problem]:
    if target.limits.old_forms:
        return
    text = re.sub(r"#.*", "", Path(prototxt).read_text(encoding="utf-8", errors="replace"))
    if re.search(r"(^|[\s}])layers\s*:?\s*\{", text):
        yield Problem("the file", f"`layers`, the format before 2015, which {target.name} does not support", LOWER)
    if re.search(r"(^|[\s}])input\s*:", text):
        yield Problem("the file", f"an `input:` header, which {target.name} does not support", LOWER)


def _unknown(unknown: Sequence[caffe_proto.UnknownField], target: Dialect) -> Iterator[Problem]:
    for field in unknown:
        where, _, what = str(field).partition(": ")
        yield Problem(where, f"{what} is not in any known caffe.proto", CORRECT)


def _training(layers: list[dict[str, Any]], target: Dialect) -> Iterator[Problem]:
    """What is for training, which Caffe itself has, and of which it is not known whether others skip it."""
    found = dict.fromkeys(entry.get("type", "") for entry in layers if is_for_training(entry))
    if found and target.runtime != "caffe":
        what = f"layers for training ({', '.join(found)}), which {target.name} may not skip"
        yield Problem("the file", what, LEAVE_OUT)


def _settings(entry: dict[str, Any], target: Dialect) -> Iterator[Problem]:
    """Types and fields of one layer of the file that the consumer lacks."""
    type, where = entry.get("type", ""), f"layer {entry.get('name', '')!r}"
    if is_for_training(entry) or type not in target.layers and type in ("Input", "Split", *target.reads):
        return
    param = LAYERS[type].param if type in LAYERS else next((key for key in entry if key.endswith("_param")), None)
    settings = entry.get(param or "", {})
    supported = {*target.fields(type), *target.reads.get(type, ())}
    fields = [name for name in settings if name not in supported and name not in target.ignores]
    yield from missing(where, type, {name: _spelled(type, name, settings[name], target) for name in fields}, target)


def _spelled(type: str, name: str, value: Any, target: Dialect) -> str:
    """How the consumer spells this field, if it differs: `write ceil_mode: false`."""
    spelling = target.spelling.get(f"{type}.{name}")
    if spelling is None:
        return ""
    spelled = spelling.values.get(str(value), value)
    return f"write {spelling.field}: {str(spelled).lower() if isinstance(spelled, bool) else spelled}"


def _duplicate_names(layers: list[dict[str, Any]]) -> Iterator[Problem]:
    for name, count in Counter(entry.get("name", "") for entry in layers).items():
        if count > 1:
            yield Problem(
                f"layer {name!r}", f"{count} layers have this name, and weights are assigned by name", "rename them"
            )


def _file_count(caffemodel: FilePaths, target: Dialect) -> Iterator[Problem]:
    count, most = len(caffe_proto.weight_files(caffemodel)), target.limits.caffemodels
    if most is not None and count > most:
        what = f"{count} caffemodels; {target.name} accepts at most {most}"
        yield Problem("the weights", what, "run pytorch2caffe lower, which writes one if all fit into 2^31 - 1 bytes")


def _missing_weights(layers: list[dict[str, Any]], caffemodel: FilePaths, target: Dialect) -> Iterator[Problem]:
    blobs, fix = caffe_proto.blobs_by_name(caffemodel), advice(caffemodel)
    owners: dict[str, str] = {}  # the name of a shared weight -> the layer that has it
    for entry in layers:
        name, type = entry.get("name", ""), entry.get("type", "")
        shared = [spec.get("name", "") for spec in entry.get("param", [])]
        owner = owners.get(shared[0]) if shared and all(weight in owners for weight in shared) else None
        if blobs.get(name):
            owners.update({weight: name for weight in shared if weight not in owners})
        elif owner is not None and not target.limits.shared_weights:
            what = f"its weights are stored once, with layer {owner!r}; {target.name} needs each layer's own"
            yield Problem(f"layer {name!r}", what, "pytorch2caffe lower writes them for each layer")
        elif owner is None and _needs_weights(entry):
            yield Problem(f"layer {name!r}", f"no weights for this {type} in the caffemodel", fix)


def _needs_weights(entry: dict[str, Any]) -> bool:
    type = entry.get("type", "")
    needs = type in LAYERS and LAYERS[type].needs_weights
    return needs and (type != "Scale" or len(entry.get("bottom", [])) == 1)

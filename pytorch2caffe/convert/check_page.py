"""What consumers do not support in a Caffe file, as a page: problems by layer, in a diagram of the file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import caffe_proto
from caffe_proto import FilePaths

from ..backends.caffe.dialect_file import dialect
from ..errors import Problem
from ..frontends.caffe.reading import CaffeReading
from ..graph.view import setting_text
from ..pages.diagram import Box, Diagram
from ..pages.page import Column, Line, Section, Table, Text
from .check_files import check_files, layers_of
from .consumers import COLUMNS, Acceptance

PROBLEM_COLUMNS = (Column("where", text=True), Column("problem", text=True), Column("fix", text=True))


def problem_sections(
    prototxt: str | Path, problems: Sequence[Problem], target: str, reading: CaffeReading
) -> list[Section]:
    """What one consumer does not support in the file."""
    marked: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        marked[problem.where].append(f"{problem.what}\nfix: {problem.fix}" if problem.fix else problem.what)
    boxes = _boxes(prototxt, reading, {where: (1.0, "\n".join(texts)) for where, texts in marked.items()})
    names = {_where(box.name): box.name for box in boxes}
    lines = [Line((one.where, one.what, one.fix), "wrong", names.get(one.where, "")) for one in problems]
    if not problems:
        return [Section("Network", [Text(f"{target} supports all of it", "good"), Diagram(boxes)])]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    drawing = Diagram(boxes, "layers", "supported", "not supported", f"not supported by {target}")
    return [Section("Network", [Text(f"{count} for {target}", "wrong"), drawing])] + [
        Section("Problems", [Table(PROBLEM_COLUMNS, lines)])
    ]


def consumer_sections(
    prototxt: str | Path, caffemodel: FilePaths | None, acceptances: Sequence[Acceptance], reading: CaffeReading
) -> list[Section]:
    """Which consumers accept the file, and how many of them each layer is not supported by."""
    against: dict[str, list[str]] = defaultdict(list)
    for each in acceptances:
        found = {
            problem.where: problem.what
            for problem in check_files(prototxt, caffemodel, dialect(each.consumer), reading)
        }
        for where, what in found.items():
            against[where].append(f"{each.consumer}: {what}")
    shares = {where: (len(texts) / len(acceptances), "\n".join(texts)) for where, texts in against.items()}
    drawing = Diagram(
        _boxes(prototxt, reading, shares), "consumers that do not support a layer as it is", "0", f"{len(acceptances)}"
    )
    lines = [Line(each.cells(), "wrong" if each.problems else "") for each in acceptances]
    columns = [Column(title, text=True) for title in COLUMNS]
    return [Section("Consumers", [Table(columns, lines)]), Section("Network", [drawing])]


def _where(name: str) -> str:
    return f"layer {name!r}"


def _boxes(prototxt: str | Path, reading: CaffeReading, marked: Mapping[str, tuple[float, str]]) -> tuple[Box, ...]:
    """The layers of the file as they are, also those that this package does not know.

    marked: {where of a Problem: (the colour, what is shown)}.
    """
    read = caffe_proto.read_prototxt(prototxt)
    headers = [{"name": name, "type": "Input", "top": [name]} for name in read.net.input if not reading.start]
    names: set[str] = set()
    writer: dict[str, str] = {}
    boxes = []
    for entry in [*headers, *layers_of(read, reading, str(prototxt))]:
        name = entry.get("name") or entry.get("type", "layer")
        while name in names:  # a problem of its own
            name += "'"
        names.add(name)
        heat, text = marked.get(_where(entry.get("name", "")), (0.0, ""))
        sources = tuple(dict.fromkeys(writer[blob] for blob in entry.get("bottom", []) if blob in writer))
        writer |= dict.fromkeys(entry.get("top", []), name)
        details = {"type": entry.get("type", ""), "settings": "\n".join(_settings(entry)), "problems": text}
        path = tuple(re.split(r"[./]", name)[:-1])
        shown = {title: what for title, what in details.items() if what}
        boxes.append(Box(name, entry.get("type", ""), path, sources, heat, bool(text), shown))
    return tuple(boxes)


def _settings(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, message in entry.items():
        if key.endswith("_param") and isinstance(message, dict):
            yield from (f"{name} = {setting_text(value)}" for name, value in message.items())

"""Reads, writes and checks the file of an int8 table.

One line per key, separated by single spaces, ending in LF, without blank lines or comments; weight scales first:

    conv1_param_0 w0 w1 ... w{n-1}     one scale per output, or per group of a grouped convolution
    conv1 a                            the scale of the layer's input; a layer without this line stays in float

Source: ncnn, tools/quantize/ncnn2int8.cpp, read_int8scale_table, and its behaviour on valid and broken tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from caffe_proto.files import atomic_write

from ....errors import ConversionError, Problem
from ....graph.graph import Graph
from .check import network_problems, table_problems
from .table import MAX_KEY_LENGTH, WEIGHTS_SUFFIX, Table, TableError
from .targets import Target, targets_of_graph

MAX_LINE_BYTES = 10_240_000 - 2  # ncnn's buffer for a line
MAX_FILE_BYTES = 1 << 30
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def write_table(table: Table, path: str | Path) -> None:
    """Writes a table, all of it or nothing. Raises TableError with every problem if ncnn could not read it."""
    if problems := table_problems(table):
        raise TableError(problems, f"{path} was not written")
    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(to_text(table))


def to_text(table: Table) -> str:
    """The text of the file, with every number in the fewest digits that give the same double."""
    lines = [
        f"{name}{WEIGHTS_SUFFIX} {' '.join(map(_format_number, scales))}\n" for name, scales in table.weights.items()
    ]
    lines += [f"{name} {_format_number(scale)}\n" for name, scale in table.activations.items()]
    return "".join(lines)


def _format_number(scale: float) -> str:
    return repr(float(scale))


def read_table(path: str | Path) -> Table:
    """Reads a table. Raises TableError with every problem if ncnn would refuse or misinterpret it."""
    table, problems = parse(path)
    if problems := [*problems, *table_problems(table)]:
        raise TableError(problems, str(path))
    return table


def check_table(table: Table | str | Path, graph: Graph | Sequence[Target]) -> list[Problem]:
    """Every reason why ncnn would refuse or misinterpret a table for a network; empty if there is none.

    table: the table or its path.
    graph: the network or its targets; if weights are known, scales that would clip them are found too.
    """
    targets = targets_of_graph(graph) if isinstance(graph, Graph) else list(graph)
    problems: list[Problem] = []
    if not isinstance(table, Table):
        table, problems = parse(table)
    problems += table_problems(table)
    problems += network_problems(table, targets)
    return list(dict.fromkeys(problems))


def parse(path: str | Path) -> tuple[Table, list[Problem]]:
    """The table in a file, and the problems of its lines. Raises ConversionError if it is not a text file."""
    size = Path(path).stat().st_size
    if size > MAX_FILE_BYTES:
        raise ConversionError(f"{path} is not a table: it has {size} bytes")
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path} is not a table: byte {error.start} is not text") from error
    if "\0" in text:
        raise ConversionError(f"{path} is not a table: it contains a zero byte")
    parser = _Parser()
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        parser.add_line(f"line {number}", line.rstrip("\r"), last=number == len(lines))
    parser.check_comments()
    if not parser.table.activations and not parser.problems:
        parser.report(
            "the file", "no layer has an activation scale; every layer would stay in float", "calibrate again"
        )
    return parser.table, parser.problems


class _Parser:
    def __init__(self) -> None:
        self.table = Table()
        self.problems: list[Problem] = []
        self.line_of_key: dict[str, str] = {}
        self.comments: dict[str, str] = {}

    def report(self, where: str, what: str, fix: str) -> None:
        self.problems.append(Problem(where, what, fix))

    def add_line(self, where: str, line: str, last: bool) -> None:
        if len(line.encode()) > MAX_LINE_BYTES:
            self.report(where, "the line is longer than 10 MB, the most that ncnn reads", "calibrate again")
            return
        if line.startswith("\ufeff"):
            self.report(
                where,
                "the line begins with a byte order mark, which ncnn reads as part of the name",
                "save the file as UTF-8 without a byte order mark",
            )
            line = line[1:]
        if "\t" in line or "\v" in line or "\f" in line or "\r" in line:
            self.report(
                where,
                "the line contains a tab or another control character; ncnn2int8 crashes on it",
                "separate words by single spaces",
            )
        key, *words = line.split() or [""]
        if not key:
            if last:
                return
            self.report(where, "the line is blank; ncnn2int8 ignores every line after it", "delete the line")
            return
        if key.startswith("#"):
            self.comments[key.lstrip("#") or (words or [""])[0]] = where
            return
        if len(key) > MAX_KEY_LENGTH:
            self.report(
                where,
                f"the name has more than {MAX_KEY_LENGTH} characters; ncnn truncates it",
                "shorten the layer's name",
            )
        if key in self.line_of_key:
            self.report(
                where, f"{key} is in {self.line_of_key[key]} too; ncnn uses the last of them", "delete one of them"
            )
        self.line_of_key[key] = where
        self.add_scales(where, key, [self.parse_number(where, key, word) for word in words])

    def parse_number(self, where: str, key: str, word: str) -> float:
        if not NUMBER.fullmatch(word):
            hint = " (does the name contain a space?)" if not any(c.isdigit() for c in word) else ""
            self.report(
                where,
                f"{key}: {word!r} is not a number; ncnn uses the previous one, or 1{hint}",
                "write a number",
            )
            return math.nan
        return float(word)

    def add_scales(self, where: str, key: str, scales: list[float]) -> None:
        if not scales:
            self.report(where, f"{key} has no scale; ncnn2int8 crashes on it", "write its scale, or delete the line")
        elif key.endswith(WEIGHTS_SUFFIX):
            self.table.weights[key.removesuffix(WEIGHTS_SUFFIX)] = np.array(scales)
        elif "_param_" in key:
            self.report(where, f"{key} contains '_param_'; ncnn reads the line as weight scales", "rename the layer")
        elif len(scales) > 1:
            self.report(
                where,
                f"{key} has {len(scales)} activation scales, but ncnn reads 1; the model would not load",
                f"write one; move weight scales to a line {key}{WEIGHTS_SUFFIX}",
            )
            self.table.activations[key] = scales[0]
        else:
            self.table.activations[key] = scales[0]

    def check_comments(self) -> None:
        """Reports weight scales that are commented out while the layer has an activation scale.

        ncnn has no comments: `#name` is the key of a layer that does not exist, which is otherwise harmless.
        """
        for key, where in self.comments.items():
            layer = key.removesuffix(WEIGHTS_SUFFIX)
            if key.endswith(WEIGHTS_SUFFIX) and layer in self.table.activations and layer not in self.table.weights:
                self.report(
                    where,
                    f"the weight scales of {layer} are commented out, but its activation scale is not; "
                    "ncnn2int8 stops there and leaves this and all later layers in float",
                    f"delete the activation line to keep {layer} in float",
                )

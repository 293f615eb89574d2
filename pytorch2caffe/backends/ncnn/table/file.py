"""The file of an int8 table: one line per layer, space-separated, LF, no blank lines, no comments; weight lines first:

    conv1_param_0 w0 w1 ... w{n-1}     one scale per output, or per group of a grouped convolution
    conv1 a                            the scale of the layer's input; a layer without this line stays float

Source: ncnn, tools/quantize/ncnn2int8.cpp, read_int8scale_table, and runs of it on tables of every kind.
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
from .check import fits, misuses
from .table import LONGEST_KEY, WEIGHTS, Table, TableError
from .targets import Target, targets_of_graph

LONGEST_LINE = 10_240_000 - 2  # bytes of a line that ncnn reads in one piece
LARGEST_FILE = 1 << 30
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def write_table(table: Table, path: str | Path) -> None:
    """Writes a table, all of it or nothing. Raises TableError, listing every problem, for one that ncnn cannot read."""
    if problems := misuses(table):
        raise TableError(problems, f"{path} was not written")
    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(to_text(table))


def to_text(table: Table) -> str:
    """What the file holds: every number in the fewest digits that give the same double."""
    lines = [f"{name}{WEIGHTS} {' '.join(map(_word, scales))}\n" for name, scales in table.weights.items()]
    lines += [f"{name} {_word(scale)}\n" for name, scale in table.activations.items()]
    return "".join(lines)


def _word(scale: float) -> str:
    return repr(float(scale))


def read_table(path: str | Path) -> Table:
    """Reads a table. Raises TableError, listing every line that ncnn would read otherwise than it is meant."""
    table, problems = parse(path)
    if problems := [*problems, *misuses(table)]:
        raise TableError(problems, str(path))
    return table


def check_table(table: Table | str | Path, graph: Graph | Sequence[Target]) -> list[Problem]:
    """Everything that makes ncnn refuse, misread or misuse a table for a network; empty if there is nothing.

    graph: the network; where it has weights, scales that would clip them are found too.
    """
    targets = targets_of_graph(graph) if isinstance(graph, Graph) else list(graph)
    problems: list[Problem] = []
    if not isinstance(table, Table):
        table, problems = parse(table)
    problems += misuses(table)
    problems += fits(table, targets)
    return list(dict.fromkeys(problems))


# ---- the text -----------------------------------------------------------------------------------------------------


def parse(path: str | Path) -> tuple[Table, list[Problem]]:
    """What a file says, and each line that ncnn would not read so. Raises ConversionError if it is no text file."""
    size = Path(path).stat().st_size
    if size > LARGEST_FILE:
        raise ConversionError(f"{path}: {size} bytes are no table")
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path}: no table: byte {error.start} is not text") from error
    if "\0" in text:
        raise ConversionError(f"{path}: no table: it holds a zero byte")
    reader = _Reader()
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        reader.line(f"line {number}", line.rstrip("\r"), last=number == len(lines))
    reader.comments_that_matter()
    if not reader.table.activations and not reader.problems:
        reader.say("the file", "no layer has an activation scale: every layer would stay float", "calibrate again")
    return reader.table, reader.problems


class _Reader:
    def __init__(self) -> None:
        self.table = Table()
        self.problems: list[Problem] = []
        self.seen: dict[str, str] = {}
        self.comments: dict[str, str] = {}

    def say(self, where: str, what: str, fix: str) -> None:
        self.problems.append(Problem(where, what, fix))

    def line(self, where: str, line: str, last: bool) -> None:
        if len(line.encode()) > LONGEST_LINE:
            self.say(where, "longer than the 10 MB that ncnn reads of a line", "one layer cannot be that large")
            return
        if line.startswith("\ufeff"):
            self.say(where, "begins with a byte order mark, which becomes part of the name", "save as plain UTF-8")
            line = line[1:]
        if "\t" in line or "\v" in line or "\f" in line or "\r" in line:
            self.say(where, "a tab or another control character: ncnn2int8 crashes on it", "separate by single spaces")
        key, *words = line.split() or [""]
        if not key:
            if last:
                return
            self.say(where, "blank: ncnn2int8 ignores every line after it", "delete the line")
            return
        if key.startswith("#"):
            self.comments[key.lstrip("#") or (words or [""])[0]] = where
            return
        if len(key) > LONGEST_KEY:
            self.say(where, f"ncnn keeps {LONGEST_KEY} characters of the name", "shorten the layer's name")
        if key in self.seen:
            self.say(where, f"{key} stands in {self.seen[key]} too; ncnn takes the last", "delete one of them")
        self.seen[key] = where
        self.keep(where, key, [self.number(where, key, word) for word in words])

    def number(self, where: str, key: str, word: str) -> float:
        if not NUMBER.fullmatch(word):
            name = " (a name with a space in it?)" if not any(c.isdigit() for c in word) else ""
            self.say(where, f"{key}: {word!r} is no number; ncnn takes the one before it, or 1{name}", "write a number")
            return math.nan
        return float(word)

    def keep(self, where: str, key: str, scales: list[float]) -> None:
        if not scales:
            self.say(where, f"{key} has no scale: ncnn2int8 crashes on it", "give its scale, or delete the line")
        elif key.endswith(WEIGHTS):
            self.table.weights[key.removesuffix(WEIGHTS)] = np.array(scales)
        elif "_param_" in key:
            self.say(where, f"{key} is taken for weights, for '_param_' is in it", "rename the layer")
        elif len(scales) > 1:
            self.say(
                where,
                f"{key} has {len(scales)} activation scales, ncnn takes 1: the model would not load",
                "give one; weight scales belong into a line " + key + WEIGHTS,
            )
            self.table.activations[key] = scales[0]
        else:
            self.table.activations[key] = scales[0]

    def comments_that_matter(self) -> None:
        """ncnn knows no comments: `#name` is a layer that there is not. Harmless, but for half of a pair."""
        for key, where in self.comments.items():
            layer = key.removesuffix(WEIGHTS)
            if key.endswith(WEIGHTS) and layer in self.table.activations and layer not in self.table.weights:
                self.say(
                    where,
                    f"the weight scales of {layer} are commented out, its activation scale is not: "
                    "ncnn2int8 stops there and leaves this and all later layers float",
                    f"to keep {layer} float, take its activation line out",
                )

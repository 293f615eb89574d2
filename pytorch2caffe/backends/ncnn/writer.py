"""Graph to ncnn's .param and .bin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from caffe_proto import atomic_files

from ...errors import ConversionError, Problem, UnsupportedError
from ...formats.ncnn import Tagged
from ...graph.graph import Graph
from ...passes.fit_names import shortened
from ...runtime.build import infer
from .int8 import quantise, table_for
from .lower import lower_for_ncnn
from .ops import Op, ops_of, split
from .param_bin import check_written, param_text, write_bin
from .table.table import Table

LARGEST_HALF = 65504.0
LONGEST_NAME = 255  # bytes; the first space ends a name


@dataclass(frozen=True)
class NcnnFiles:
    """What was written.

    graph:   the network in ncnn's layers; its values are blobs, but for those that ncnn computes on the way.
    lines:   the layers of the .param file.
    inputs, outputs: the blob of each, by the name that the graph gives it.
    renamed: layers and blobs whose names ncnn cannot hold: {name written: name before}.
    int8:    how many layers run in int8.
    notes:   layers of the table that a known fault of ncnn computes wrongly in int8.
    """

    graph: Graph
    lines: list[Op]
    inputs: dict[str, str]
    outputs: dict[str, str]
    renamed: dict[str, str]
    int8: int
    notes: list[Problem]


def save_ncnn(
    graph: Graph,
    prefix: str | Path,
    table: Table | None = None,
    *,
    fp16: bool = False,
    fold: bool = False,
    all_int8: bool = False,
    proof: Callable[[Path, Path, NcnnFiles], None] | None = None,
) -> NcnnFiles:
    """Writes a graph as PREFIX.param and PREFIX.bin for ncnn; both appear together, or neither.

    table: run its layers in int8, as ncnn2int8 writes them; all others stay as they are.
    fp16:  store the other weights as halves (as ncnn2int8, and ncnnoptimize with 65536, do).
    fold:  put BatchNorm and Scale into the weights before them, and let convolutions apply the ReLU, Clip, Sigmoid,
           HardSwish or Mish behind them; then int8 convolutions hand int8 to each other. The table is that of the
           network before folding: its weight scales go along.
    all_int8: also layers that a known fault of ncnn computes wrongly on x86, for other machines; else they stay float.
    proof: called with the complete files under temporary names; if it raises, they are removed.

    Raises UnsupportedError listing everything that ncnn cannot hold or compute, TableError everything in the table
    that does not fit; then nothing is written.
    """
    lowered = lower_for_ncnn(graph, infer, fold=fold)
    if not lowered.inputs:
        raise ConversionError("an ncnn network needs an input; this graph has none")
    ops = ops_of(lowered, fuse=fold)
    int8, notes = (0, []) if table is None else quantise(ops, table_for(table, graph, lowered), spare=not all_int8)
    lines = split(ops)
    if fp16:
        _halve(lines)
    names = _fit_names(lines)
    inputs = {value.name: names[value.name] for value in lowered.inputs}
    outputs = {key: names[value.name] for key, value in lowered.outputs.items()}
    renamed = {new: old for old, new in names.items() if new != old}
    files = NcnnFiles(lowered, lines, inputs, outputs, renamed, int8, notes)
    with atomic_files(f"{prefix}.param", f"{prefix}.bin") as (param, binary):
        param.write_text(param_text(lines), encoding="utf-8")
        with binary.open("wb") as stream:
            write_bin(stream, (weight for op in lines for weight in op.weights))
        with binary.open("rb") as stream:
            check_written(param.read_text(encoding="utf-8"), stream, lines)
        if proof is not None:
            proof(param, binary, files)
    return files


def _fit_names(lines: Sequence[Op]) -> dict[str, str]:
    """Gives layers and blobs names that ncnn can read, in place; returns each name's new one."""
    wanted = [*(op.name for op in lines), *(top for op in lines for top in op.tops)]
    length = LONGEST_NAME if all(map(str.isascii, wanted)) else LONGEST_NAME // 4
    bad = {c for name in wanted for c in name if c.isspace() or not c.isprintable()}
    names = shortened(dict.fromkeys(wanted), length, "".join(bad))
    for op in lines:
        op.name = names[op.name]
        op.bottoms = [names[name] for name in op.bottoms]
        op.tops = [names[name] for name in op.tops]
    return names


def _halve(lines: Sequence[Op]) -> None:
    problems = [
        Problem(op.name, "a weight beyond 65504 does not fit into a half", "leave fp16 out")
        for op in lines
        if any(a is not None and np.abs(a).max(initial=0) > LARGEST_HALF for a in map(_as_float, op.weights))
    ]
    if problems:
        raise UnsupportedError(problems, "written for ncnn with fp16")
    for op in lines:
        floats = map(_as_float, op.weights)
        pairs = zip(op.weights, floats, strict=True)
        op.weights = tuple(weight if array is None else Tagged(array.astype("<f2")) for weight, array in pairs)


def _as_float(weight: Tagged | np.ndarray) -> np.ndarray | None:
    """A weight that could be a half: behind a tag, and not int8."""
    return weight.array if isinstance(weight, Tagged) and weight.array.dtype == np.float32 else None

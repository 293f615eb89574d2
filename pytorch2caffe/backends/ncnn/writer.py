"""Writes a Graph as ncnn's .param and .bin files."""

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
from ...runtime.infer import infer
from .build import to_ops
from .int8 import quantize, table_for
from .lower import lower_for_ncnn
from .ops import Op, insert_splits
from .param_bin import check_written, param_text, write_bin
from .table.table import Table

MAX_FLOAT16 = 65504.0
MAX_NAME_BYTES = 255  # ncnn's limit; a name ends at the first space


@dataclass(frozen=True)
class NcnnFiles:
    """The files that `save_ncnn` has written.

    graph:   the network in ncnn's layers; its values are blobs, except those that are fused away.
    lines:   the layers of the .param file.
    inputs, outputs: the blob of each input and output, by its name in the graph.
    renamed: layers and blobs whose names ncnn does not support, {name in the file: name in the graph}.
    int8:    number of layers that run in int8.
    notes:   layers of the table that stay in float, or that ncnn computes incorrectly in int8, and why.
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
    """Writes a graph as PREFIX.param and PREFIX.bin for ncnn. Either both files are written or none.

    table: run its layers in int8, as ncnn2int8 does; all other layers stay in float.
    fp16:  store the other weights as float16 (as ncnn2int8, and ncnnoptimize with 65536, do).
    fold:  fold BatchNorm and Scale into the preceding weights, and fuse ReLU, Clip, Sigmoid, HardSwish and Mish into
           the preceding convolutions; then int8 convolutions pass int8 to each other. `table` is that of the network
           before folding; its weight scales are adapted.
    all_int8: run also those layers in int8 that ncnn computes incorrectly on x86, for other machines; see int8.py.
    proof: called with the complete files under temporary names; if it raises, they are removed.

    Raises UnsupportedError with everything that ncnn cannot represent or compute, TableError with everything that is
    wrong in the table; then nothing is written.
    """
    lowered = lower_for_ncnn(graph, infer, fold=fold, keep=table.activations if table else ())
    if not lowered.inputs:
        raise ConversionError("the graph has no input; an ncnn network needs one")
    ops = to_ops(lowered, fuse=fold)
    int8 = 0
    notes: list[Problem] = []
    if table is not None:
        own, notes = table_for(table, graph, lowered)
        int8, faults = quantize(ops, own, skip_faulty=not all_int8)
        notes += faults
    lines = insert_splits(ops)
    if fp16:
        _to_float16(lines)
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
    """Renames layers and blobs to names that ncnn supports, in place. Returns {old name: new name}."""
    all_names = [*(op.name for op in lines), *(top for op in lines for top in op.tops)]
    length = MAX_NAME_BYTES if all(map(str.isascii, all_names)) else MAX_NAME_BYTES // 4
    bad = {c for name in all_names for c in name if c.isspace() or not c.isprintable()}
    names = shortened(dict.fromkeys(all_names), length, "".join(bad), empty="_")
    for op in lines:
        op.name = names[op.name]
        op.bottoms = [names[name] for name in op.bottoms]
        op.tops = [names[name] for name in op.tops]
    return names


def _to_float16(lines: Sequence[Op]) -> None:
    problems = [
        Problem(op.name, "it has a weight above 65504, the largest float16", "do not use fp16")
        for op in lines
        if any(a is not None and np.abs(a).max(initial=0) > MAX_FLOAT16 for a in map(_float32_or_none, op.weights))
    ]
    if problems:
        raise UnsupportedError(problems, "written for ncnn with fp16")
    for op in lines:
        floats = map(_float32_or_none, op.weights)
        pairs = zip(op.weights, floats, strict=True)
        op.weights = tuple(weight if array is None else Tagged(array.astype("<f2")) for weight, array in pairs)


def _float32_or_none(weight: Tagged | np.ndarray) -> np.ndarray | None:
    """The weight if it may be stored as float16: it has a tag and is not int8."""
    return weight.array if isinstance(weight, Tagged) and weight.array.dtype == np.float32 else None

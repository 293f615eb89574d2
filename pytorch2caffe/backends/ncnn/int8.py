"""Layers in int8, as ncnn2int8 writes them.

A layer with an activation scale in the table has int8 weights, round(weight * scale), behind its weights the scales of
these, that of its input and, if it hands int8 on, that of its output. Param 8 is 2 (of a grouped convolution 1), and
100 more if it hands int8 on: when all that read it are int8 convolutions.
Source: ncnn, tools/quantize/ncnn2int8.cpp; src/layer/quantize.cpp for the rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...errors import Problem
from ...formats.ncnn import Tagged
from ...graph.graph import Graph, Node
from .ops import Op, Ops
from .table.file import check_table
from .table.table import Table, TableError
from .table.targets import quantisable
from .table.weights import absmax_per_scale

TERMS = {"Convolution": 2, "ConvolutionDepthWise": 1, "InnerProduct": 2}
REQUANTISED = 100
HANDS_ON = ("Convolution", "ConvolutionDepthWise")
LOST = "it is no Convolution or InnerProduct in ncnn, so it cannot run in int8"


def table_for(table: Table, graph: Graph, lowered: Graph) -> Table:
    """The table for a network whose weights may have taken in a BatchNorm: weight scales as much smaller as the weights
    have grown.

    Raises TableError listing everything in it that does not fit `graph`, the network before that.
    """
    if problems := check_table(table, graph):
        raise TableError(problems, "the table does not fit this network")
    before = {node.name: node for node in quantisable(graph)}
    after = {node.name: node for node in quantisable(lowered)}
    weights = {
        name: scales * _growth(before[name], after[name]) if name in before and name in after else scales
        for name, scales in table.weights.items()
    }
    return replace(table, weights=weights)


def _growth(before: Node, after: Node) -> np.ndarray:
    """|weights| before over |weights| after, per scale; 1 where they did not change or are 0."""
    old, new = (absmax_per_scale(node).astype(np.float64) for node in (before, after))
    if before.blobs[0] is after.blobs[0] or old.shape != new.shape:
        return np.ones(old.shape)
    return np.divide(old, new, out=np.ones(old.shape), where=(new > 0) & (old > 0))


def quantise(ops: Ops, table: Table, *, spare: bool = True) -> tuple[int, list[Problem]]:
    """Puts the layers of the table into int8, in place; returns how many, and a note on each that ncnn gets wrong.

    spare: leave those float that ncnn would compute wrongly, see `faulty`.

    Raises TableError if a layer of the table is no such layer.
    """
    int8 = [op for op in ops.lines if op.type in TERMS and op.name in table.activations]
    names = {op.name for op in int8}
    fix = "take its activation line out"
    if lost := [Problem(f"layer {name!r}", LOST, fix) for name in table.activations if name not in names]:
        raise TableError(lost, "the table does not fit this network")
    handed_on = _handed_on(ops, int8, table)
    wrong = _wrong(int8, handed_on)
    notes = [_note(op, spare) for op in wrong]
    while spare and wrong:  # what handed int8 to them gives float now, and may be such a layer itself
        int8 = [op for op in int8 if op not in wrong]
        handed_on = _handed_on(ops, int8, table)
        wrong = _wrong(int8, handed_on)
        notes += [_note(op, spare) for op in wrong]
    for op in int8:
        scales = np.asarray(table.weights[op.name], np.float32)
        first, *rest = op.weights
        assert isinstance(first, Tagged)
        weights = Tagged(to_int8(first.array.reshape(scales.size, -1), scales))
        behind = [np.array([handed_on[op]], np.float32)] if op in handed_on else []
        op.weights = (weights, *rest, scales, np.array([table.activations[op.name]], np.float32), *behind)
        op.params = {**op.params, 8: TERMS[op.type] + REQUANTISED * len(behind)}
    return len(int8), notes


def to_int8(rows: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """round(row * its scale), halves away from 0, within +-127; rows and what is returned: [scales, weights each]."""
    product = rows.astype(np.float32) * scales[:, None].astype(np.float32)
    whole = np.floor(np.abs(product).astype(np.float64) + 0.5)
    return (np.sign(product) * np.minimum(whole, 127)).astype(np.int8)


def _handed_on(ops: Ops, int8: Sequence[Op], table: Table) -> dict[Op, np.float32]:
    """The convolutions that hand on int8, with its scale: all that read it take it, and the same."""
    readers: dict[str, list[Op]] = {}
    for op in ops.lines:
        for name in op.bottoms:
            readers.setdefault(name, []).append(op)
    ours = set(int8)
    found = {}
    for op in int8:
        behind = readers.get(op.tops[0], [])
        scales = {np.float32(table.activations[reader.name]) for reader in behind if reader in ours}
        convolutions = all(reader in ours and reader.type in HANDS_ON for reader in behind)
        if op.type in HANDS_ON and behind and convolutions and len(scales) == 1 and op.tops[0] not in ops.outputs:
            found[op] = scales.pop()
    return found


def _wrong(int8: Sequence[Op], handed_on: Mapping[Op, np.float32]) -> list[Op]:
    return [op for op in int8 if op not in handed_on and faulty(op)]


def faulty(op: Op) -> bool:
    """Whether ncnn 1.0.20261020 on x86 computes garbage for a layer in int8 that gives float.

    Grouped convolutions whose groups have 8, 16 ... channels on both sides, while `use_packing_layout` is on, as it is
    by default: found by running them.
    """
    return op.type == "ConvolutionDepthWise" and all(count % 8 == 0 for count in _per_group(op))


def _per_group(op: Op) -> tuple[int, int]:
    assert op.node is not None
    group = op.params.get(7, 1)
    return op.node.inputs[0].shape[1] // group, op.params[0] // group


def _note(op: Op, spared: bool) -> Problem:
    fault = f"in int8 ncnn on x86 computes garbage for {_per_group(op)[0]} channels per group with packing on"
    if spared:
        return Problem(f"layer {op.name!r}", f"stays float: {fault}", "fuse, if int8 convolutions alone read it")
    return Problem(f"layer {op.name!r}", fault, "set opt.use_packing_layout = false")

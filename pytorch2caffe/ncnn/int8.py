"""Layers in int8, as ncnn2int8 writes them.

A layer with an activation scale in the table has int8 weights, round(weight * scale), behind its weights the scales of
these, that of its input and, if it hands int8 on, that of its output. Param 8 is 2 (of a grouped convolution 1), and
100 more if it hands int8 on: when all that read it are int8 convolutions.
Source: ncnn, tools/quantize/ncnn2int8.cpp; src/layer/quantize.cpp for the rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import Problem
from ..graph import Graph, Node
from ..quantize.table import Table, TableError
from ..quantize.table_file import check_table
from ..quantize.targets import quantisable
from ..quantize.weights import absmax_per_scale
from . import Tagged
from .ops import Op, Ops

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


def quantise(ops: Ops, table: Table) -> int:
    """Puts the layers of the table into int8, in place; returns how many. Raises TableError if one is no such layer."""
    int8 = [op for op in ops.lines if op.type in TERMS and op.name in table.activations]
    names = {op.name for op in int8}
    fix = "take its activation line out"
    if lost := [Problem(f"layer {name!r}", LOST, fix) for name in table.activations if name not in names]:
        raise TableError(lost, "the table does not fit this network")
    for op in int8:
        scales = np.asarray(table.weights[op.name], np.float32)
        first, *rest = op.weights
        assert isinstance(first, Tagged)
        weights = Tagged(to_int8(first.array.reshape(scales.size, -1), scales))
        op.weights = (weights, *rest, scales, np.array([table.activations[op.name]], np.float32))
        op.params = {**op.params, 8: TERMS[op.type]}
    _requantise(ops, int8, table)
    return len(int8)


def to_int8(rows: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """round(row * its scale), halves away from 0, within +-127; rows and what is returned: [scales, weights each]."""
    product = rows.astype(np.float32) * scales[:, None].astype(np.float32)
    whole = np.floor(np.abs(product).astype(np.float64) + 0.5)
    return (np.sign(product) * np.minimum(whole, 127)).astype(np.int8)


def _requantise(ops: Ops, int8: Sequence[Op], table: Table) -> None:
    """Lets a convolution hand int8 to those that read it, if they all take the same int8 and nobody else reads it."""
    readers: dict[str, list[Op]] = {}
    for op in ops.lines:
        for name in op.bottoms:
            readers.setdefault(name, []).append(op)
    ours = set(int8)
    for op in int8:
        behind = readers.get(op.tops[0], [])
        scales = {np.float32(table.activations[reader.name]) for reader in behind if reader in ours}
        convolutions = all(reader in ours and reader.type in HANDS_ON for reader in behind)
        if op.type in HANDS_ON and behind and convolutions and len(scales) == 1 and op.tops[0] not in ops.outputs:
            op.params = {**op.params, 8: op.params[8] + REQUANTISED}
            op.weights = (*op.weights, np.array([scales.pop()], np.float32))


def doubtful(lines: Sequence[Op]) -> list[Problem]:
    """Layers that are written as ncnn2int8 writes them, and that ncnn 1.0.20261020 computes wrongly on x86.

    Grouped convolutions whose groups have 8, 16 ... channels on both sides, with a float output, while
    `use_packing_layout` is on, as it is by default: found by running them; the numbers are garbage.
    """
    found = []
    for op in lines:
        group, outputs = op.params.get(7, 1), op.params.get(0, 0)
        if op.type != "ConvolutionDepthWise" or op.params.get(8) != TERMS[op.type] or op.node is None:
            continue
        per_group = op.node.inputs[0].shape[1] // group, outputs // group
        if all(count % 8 == 0 for count in per_group):
            what = f"in int8 ncnn on x86 computes garbage for {per_group[0]} channels per group with packing on"
            found.append(Problem(f"layer {op.name!r}", what, "keep it float, or set opt.use_packing_layout = false"))
    return found

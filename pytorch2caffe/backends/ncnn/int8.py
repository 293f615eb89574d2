"""Changes layers to int8, as ncnn2int8 does.

A layer with an activation scale in the table has int8 weights, round(weight * scale), then the scales of the weights,
of the input and, if its output is int8 too, of the output. Param 8 is 2, or 1 for a grouped convolution, plus 100 if
the output is int8, which is so if all its consumers are int8 convolutions.
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
from .table.targets import only_sizes, quantizable
from .table.weights import absmax_per_scale

TERMS = {"Convolution": 2, "ConvolutionDepthWise": 1, "InnerProduct": 2}
REQUANTIZED = 100
PASSES_INT8 = ("Convolution", "ConvolutionDepthWise")
NOT_INT8 = "the layer is not a Convolution or InnerProduct in ncnn; it cannot run in int8"
NOT_OF_THIS_NETWORK = "the table is not a table of this network"


def table_for(table: Table, graph: Graph, lowered: Graph) -> tuple[Table, list[Problem]]:
    """The table for `lowered`, where BatchNorm may be folded into weights: weight scales change as the weights do.

    Lines of layers of which only the size is read are left out, and of those that became part of another layer.

    table, graph: the network before folding and its table.

    Returns the table, and a note on the layers that became part of another.

    Raises TableError with every problem if it is not a table of `graph`.
    """
    if problems := check_table(table, graph):
        raise TableError(problems, NOT_OF_THIS_NETWORK)
    before = {node.name: node for node in quantizable(graph)}
    after = {node.name: node for node in quantizable(lowered)}
    weights = {
        name: scales * _scale_change(before[name], after[name]) if name in before and name in after else scales
        for name, scales in table.weights.items()
    }
    unused = only_sizes(graph)
    joined = [name for name in table.activations if name in before and name not in {*after, *unused}]
    left_out = {*unused, *joined}
    activations = {name: scale for name, scale in table.activations.items() if name not in left_out}
    return replace(table, weights=weights, activations=activations), _joined_note(joined)


def _joined_note(names: Sequence[str]) -> list[Problem]:
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    where = f"layer{'s' if len(names) > 1 else ''} {', '.join(names[:3])}{more}"
    return [Problem(where, "in ncnn they are part of other layers, which compute in float")]


def _scale_change(before: Node, after: Node) -> np.ndarray:
    """max |weight| before divided by that after, [scales]; 1 where the weights did not change or are 0."""
    old, new = (absmax_per_scale(node).astype(np.float64) for node in (before, after))
    if before.blobs[0] is after.blobs[0] or old.shape != new.shape:
        return np.ones(old.shape)
    return np.divide(old, new, out=np.ones(old.shape), where=(new > 0) & (old > 0))


def quantize(ops: Ops, table: Table, *, skip_faulty: bool = True) -> tuple[int, list[Problem]]:
    """Changes the layers of the table to int8, in place.

    skip_faulty: keep layers in float that ncnn would compute incorrectly in int8, see `has_x86_fault`.

    Returns the number of int8 layers, and a note on each layer that ncnn computes incorrectly in int8.
    Raises TableError if a layer of the table cannot run in int8.
    """
    int8 = [op for op in ops.lines if op.type in TERMS and op.name in table.activations]
    names = {op.name for op in int8}
    fix = "delete the activation line"
    if unsupported := [Problem(f"layer {name!r}", NOT_INT8, fix) for name in table.activations if name not in names]:
        raise TableError(unsupported, NOT_OF_THIS_NETWORK)
    scales = _requantization_scales(ops, int8, table)
    faulty = _faulty(int8, scales)
    notes = [_note(op, skip_faulty) for op in faulty]
    while skip_faulty and faulty:  # layers that read only these produce float now, so they may be faulty too
        int8 = [op for op in int8 if op not in faulty]
        scales = _requantization_scales(ops, int8, table)
        faulty = _faulty(int8, scales)
        notes += [_note(op, skip_faulty) for op in faulty]
    for op in int8:
        _quantize_op(op, table, scales.get(op))
    return len(int8), notes


def _quantize_op(op: Op, table: Table, output_scale: np.float32 | None) -> None:
    scales = np.asarray(table.weights[op.name], np.float32)
    first, *rest = op.weights
    assert isinstance(first, Tagged)
    weights = Tagged(to_int8(first.array.reshape(scales.size, -1), scales))
    requantizes = output_scale is not None
    output_scales = [np.array([output_scale], np.float32)] if requantizes else []
    op.weights = (weights, *rest, scales, np.array([table.activations[op.name]], np.float32), *output_scales)
    op.params = {**op.params, 8: TERMS[op.type] + REQUANTIZED * requantizes}


def to_int8(rows: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """round(row * scale), halves away from 0, clipped to +-127.

    rows: the weights, [scales, weights per scale], and so the result, int8.
    """
    product = rows.astype(np.float32) * scales[:, None].astype(np.float32)
    magnitude = np.floor(np.abs(product).astype(np.float64) + 0.5)
    return (np.sign(product) * np.minimum(magnitude, 127)).astype(np.int8)


def _requantization_scales(ops: Ops, int8: Sequence[Op], table: Table) -> dict[Op, np.float32]:
    """The output scale of each layer that can pass int8 on: all its consumers are int8 convolutions of one scale."""
    consumers: dict[str, list[Op]] = {}
    for op in ops.lines:
        for name in op.bottoms:
            consumers.setdefault(name, []).append(op)
    convolutions = {op for op in int8 if op.type in PASSES_INT8}
    output_scales = {}
    for op in convolutions:
        readers = consumers.get(op.tops[0], [])
        if op.tops[0] in ops.outputs or not readers or not convolutions.issuperset(readers):
            continue
        scales = {np.float32(table.activations[reader.name]) for reader in readers}
        if len(scales) == 1:
            output_scales[op] = scales.pop()
    return output_scales


def _faulty(int8: Sequence[Op], requantized: Mapping[Op, np.float32]) -> list[Op]:
    return [op for op in int8 if op not in requantized and has_x86_fault(op)]


def has_x86_fault(op: Op) -> bool:
    """Whether ncnn 1.0.20261020 on x86 computes a layer incorrectly in int8 if its output is float.

    These are grouped convolutions with a multiple of 8 input channels and of 8 output channels per group, if
    `use_packing_layout` is on, which is the default. Found by running them.
    """
    return op.type == "ConvolutionDepthWise" and all(count % 8 == 0 for count in _channels_per_group(op))


def _channels_per_group(op: Op) -> tuple[int, int]:
    assert op.node is not None
    group = op.params.get(7, 1)
    return op.node.inputs[0].shape[1] // group, op.params[0] // group


def _note(op: Op, skipped: bool) -> Problem:
    channels = _channels_per_group(op)[0]
    fault = f"ncnn on x86 computes {channels} channels per group incorrectly in int8 with packing on"
    if skipped:
        fix = "use --fuse, which helps if only int8 convolutions read the layer"
        return Problem(f"layer {op.name!r}", f"the layer stays in float: {fault}", fix)
    return Problem(f"layer {op.name!r}", fault, "set opt.use_packing_layout = false")

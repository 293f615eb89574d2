"""The int8 table of a quantized model: its own ranges and weights, without images."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.table.targets import quantizable
from ..backends.ncnn.table.weights import MAX_INT8, weight_rows, weight_scales
from ..errors import ConversionError
from ..graph.graph import Graph, Node

MOST_STEPS = 255  # of uint8 weights, from the zero point
SAMPLE = 64  # weights of a row that find its step; all of them confirm it


def table_of_ranges(graph: Graph, keep_float: Collection[str] = ()) -> Table:
    """The table of the layers that the model quantizes: those whose input and weights have int8 numbers in it.

    The scale of an input is 127 / the largest magnitude that its integers represent; those of int8 weights are exact.
    Raises ConversionError if there is no such layer.
    """
    table = Table()
    for node in quantizable(graph):
        limit, steps = node.inputs[0].int8_range, weight_steps(node) if node.inputs[0].int8_range else None
        if steps is not None and node.name not in keep_float:
            table.weights[node.name] = _scales(node, steps)
            table.activations[node.name] = MAX_INT8 / limit
    if not table.activations:
        raise ConversionError(
            "the model quantizes no layer that ncnn runs in int8\n  fix: calibrate it on --images instead"
        )
    return table


def weight_steps(node: Node) -> np.ndarray | None:
    """How many steps of its quantization the largest weight of each output has, [outputs]; None for float weights."""
    rows = weight_rows(node)
    outputs = node.layer.num_output  # type: ignore[attr-defined]
    steps = [_steps(row) for row in rows.reshape(outputs, -1)]
    return np.array(steps) if all(steps) else None


def _steps(row: np.ndarray) -> int:
    """The least m for which each weight is a multiple of max |weight| / m; 0 if there is none up to MOST_STEPS."""
    largest = np.abs(row).max(initial=0)
    if largest == 0:
        return 1
    parts = row[row != 0].astype(np.float64) / largest
    counts = np.arange(1, MOST_STEPS + 1)
    for m in counts[_are_integers(np.outer(counts, parts[:SAMPLE]))]:
        if _are_integers(m * parts[None])[0]:
            return int(m)
    return 0


def _are_integers(rows: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(rows - np.rint(rows)) < 1e-3).all(1))


def _scales(node: Node, steps: np.ndarray) -> np.ndarray:
    """The scales that keep the steps of int8 weights; one that int8 has not, -128, becomes -127."""
    scales = weight_scales(node)
    if len(scales) != len(steps) or steps.max() > MAX_INT8 + 1:
        return scales
    return scales * steps / MAX_INT8

"""Resample: the resizing of FlowNet 2's fork of Caffe."""

from __future__ import annotations

from math import ceil

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..linear.linear_map import linear_map
from .resample import catmull_rom, triangle

EXTENTS = {"LINEAR": 2, "CUBIC": 4}


@from_caffe("Resample", param="resample_param")
def resample(net: Builder, node: CaffeNode, x: Value, size: Value | None = None) -> Value:
    """To the size of the second bottom, or to height and width: NEAREST, LINEAR or CUBIC; smaller with a wider kernel.

    Source: FlowNet 2's fork of Caffe, resample_layer.cpp and .cu.
    """
    mode, antialias = node.param.get("type", "LINEAR"), node.param.get("antialias", True)
    given = node.param.get("height", 0), node.param.get("width", 0)
    out = given if size is None else size.shape[2:]
    if len(x.shape) != 4 or len(out) != 2 or min(out) < 1 or mode not in ("NEAREST", *EXTENTS):
        what = f"Resample of {x} to {list(out)} by {mode}"
        raise Refused(what, "give it [N, C, H, W], a height and a width, and type NEAREST, LINEAR or CUBIC")
    steps = [before / after for before, after in zip(x.shape[2:], out, strict=True)]
    antialias = antialias and max(steps) > 1
    for axis, step, other in ((2, steps[0], steps[1]), (3, steps[1], steps[0])):
        matrix = _matrix(mode, x.shape[axis], out[axis - 2], step, other, antialias)
        if not np.array_equal(matrix, np.eye(len(matrix))):
            x = linear_map(net, x, axis, matrix, name="axis")
    return x


def _matrix(mode: str, size: int, out: int, step: float, other: float, antialias: bool) -> np.ndarray:
    """The weights along one axis [out, size]. The fork adds half a step of the `other` axis to a position."""
    positions = np.arange(out) * step + other / 2 - 0.5
    nearest = np.floor(positions + 0.5).astype(int)
    if mode == "NEAREST":
        if nearest.min() < 0 or nearest.max() >= size:
            raise Refused(
                f"Resample by NEAREST from {size} to {out}, where the fork reads beyond the map", "use LINEAR"
            )
        return np.eye(size)[nearest]
    scale = 1 / step if antialias else 1.0
    reach = 2 if step < 1 else ceil(EXTENTS[mode] / scale)
    distances = positions[:, None] - np.arange(size)
    near = abs(nearest[:, None] - np.arange(size)) <= reach
    weights = np.where(near, (triangle if mode == "LINEAR" else catmull_rom)(distances * scale), 0)
    totals = weights.sum(1, keepdims=True)
    return np.divide(weights, totals, out=np.zeros_like(weights), where=totals != 0)

"""grid_sample at the positions of a constant grid: each result is a weighted sum of a few numbers of the input."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.onnx_rules import from_onnx
from ...graph.registry import from_torch
from ..linear.linear_map import MOST_WEIGHTS, linear_map
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at

MODES = {0: "bilinear", 1: "nearest"}
PADDINGS = {0: "zeros", 1: "border"}


@from_torch("torch.nn.functional.grid_sample")
def grid_sample(
    net: Builder,
    input: Value,
    grid: Operand,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Value:
    """A matrix [H_out * W_out, H_in * W_in] over the flattened spatial axes; one per sample where the grids differ."""
    if isinstance(grid, Value) or not isinstance(input, Value):
        raise Refused("grid_sample at positions that depend on the input", "use a constant grid, or torch.nn.Upsample")
    if len(input.shape) != 4 or mode not in MODES.values() or padding_mode not in PADDINGS.values():
        what = f"grid_sample with mode {mode!r}, padding {padding_mode!r} on {len(input.shape) - 2} axes"
        raise Refused(what, "use bilinear or nearest, zeros or border, on 2 axes")
    size, out = input.shape[2:], grid.shape[1:3]
    if prod(size) * prod(out) > MOST_WEIGHTS:
        what = f"grid_sample from {size} to {out}: a matrix of {prod(size) * prod(out):,} numbers"
        raise Refused(f"{what}, more than {MOST_WEIGHTS:,}", "sample smaller maps")
    x = reshape_to(net, input, (*input.shape[:2], prod(size)), "flat")
    matrices = [_matrix(points, size, mode, padding_mode == "border", bool(align_corners)) for points in grid]
    if all(np.array_equal(matrices[0], other) for other in matrices[1:]):
        y = linear_map(net, x, 2, matrices[0], name="sampled")
    else:
        samples = slice_at(net, x, 0, list(range(1, len(matrices))), "sample")
        mapped = [linear_map(net, one, 2, m, name="sampled") for one, m in zip(samples, matrices, strict=True)]
        y = net.add(Concat(0), *mapped, name="batch")
    return reshape_to(net, y, (*input.shape[:2], *out))


def _matrix(points: np.ndarray, size: Shape, mode: str, border: bool, align_corners: bool) -> np.ndarray:
    """The weights for each of `points` [H, W, (x, y)], from -1 to 1: a matrix [H * W, h * w], where `size` is (h, w).

    Source: PyTorch, aten/src/ATen/native/GridSampler.h.
    """
    positions = []
    for axis, length in ((1, size[0]), (0, size[1])):  # rows, then columns
        point = points[..., axis].ravel().astype(np.float32)
        position = (point + 1) / 2 * (length - 1) if align_corners else ((point + 1) * length - 1) / 2
        positions.append(np.clip(position, 0, length - 1) if border else position)
    matrix = np.zeros((len(positions[0]), prod(size)), np.float32)
    weight: np.ndarray | float
    for corner in (0, 1), (1, 0), (0, 0), (1, 1):
        if mode == "nearest":
            at, weight = [np.rint(p) for p in positions], float(corner == (0, 0))
        else:
            at = [np.floor(p) + up for p, up in zip(positions, corner, strict=True)]
            weight = (1 - abs(positions[0] - at[0])) * (1 - abs(positions[1] - at[1]))
        inside = (at[0] >= 0) & (at[0] < size[0]) & (at[1] >= 0) & (at[1] < size[1])
        column = np.where(inside, at[0] * size[1] + at[1], 0).astype(int)
        np.add.at(matrix, (np.arange(len(column)), column), np.where(inside, weight, 0).astype(np.float32))
    return matrix


@from_torch("torch.grid_sampler", "torch.grid_sampler_2d")
def grid_sampler(
    net: Builder, input: Value, grid: Operand, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Value:
    mode, padding = MODES.get(interpolation_mode, "bicubic"), PADDINGS.get(padding_mode, "reflection")
    return grid_sample(net, input, grid, mode, padding, align_corners)


@from_onnx("GridSample")
def onnx_grid_sample(
    net: Builder,
    X: Value,
    grid: Operand,
    *,
    align_corners: int = 0,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
) -> Value:
    """The mode is called linear since opset 20."""
    return grid_sample(net, X, grid, {"linear": "bilinear"}.get(mode, mode), padding_mode, bool(align_corners))

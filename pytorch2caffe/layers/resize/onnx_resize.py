"""ONNX's Resize and Upsample: PyTorch's interpolation where that samples the same positions, else a matrix per axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.onnx_rules import OnnxNode, constant_input, from_onnx
from ..linear.linear_map import MOST_WEIGHTS, linear_map
from .interpolate import ALONG, Interpolate
from .resample import antialiased_matrix, resampling_matrix
from .resize_matrix import Sampling, resize_matrix

TORCH_MODES = {
    "nearest": {1: ["nearest", "nearest-exact"], 2: ["nearest", "nearest-exact"], 3: ["nearest", "nearest-exact"]},
    "linear": {1: ["linear"], 2: ["bilinear"], 3: ["trilinear"]},
    "cubic": {2: ["bicubic"]},
}


@from_onnx("Upsample")
def onnx_upsample(net: Builder, X: Value, scales: Any = None, *, mode: str = "nearest") -> Value:
    """Before opset 10. Samples are at i / scale; of the nearest ones the lower."""
    return _resized(net, X, scales, None, Sampling(mode, "asymmetric", "floor"))


@from_onnx("Resize")
def onnx_resize_10(net: Builder, X: Value, scales: Any = None, *, mode: str = "nearest") -> Value:
    return _resized(net, X, scales, None, Sampling(mode, "asymmetric", "floor"))


@from_onnx("Resize", since=11)
def onnx_resize(
    net: Builder,
    X: Value,
    roi: Any = None,
    scales: Any = None,
    sizes: Any = None,
    *,
    node: OnnxNode,
    antialias: int = 0,
    axes: Sequence[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Value:
    if coordinate_transformation_mode == "tf_crop_and_resize":
        raise Refused("Resize with tf_crop_and_resize", "crop with a Slice before it")
    sampling = Sampling(
        mode,
        coordinate_transformation_mode,
        nearest_mode,
        float(cubic_coeff_a),
        bool(exclude_outside),
        bool(antialias),
    )
    return _resized(net, X, scales, sizes, sampling, axes, keep_aspect_ratio_policy)


def _resized(
    net: Builder,
    x: Value,
    scales: Any,
    sizes: Any,
    sampling: Sampling,
    axes: Sequence[int] | None = None,
    policy: str = "stretch",
) -> Value:
    rank = len(x.shape)
    named = [axis % rank for axis in axes] if axes is not None else list(range(rank))
    factors: dict[int, float] = {}
    if sizes is not None and np.size(constant_input(sizes, "the sizes of Resize")):
        wanted = dict(zip(named, (int(s) for s in np.ravel(sizes)), strict=True))
        wanted = _with_ratio(x.shape, wanted, policy)
        factors = {axis: size / x.shape[axis] for axis, size in wanted.items()}
        given: dict[int, float] = {}
    elif scales is not None and np.size(constant_input(scales, "the scales of Resize")):
        factors = dict(zip(named, (float(s) for s in np.ravel(scales)), strict=True))
        wanted = {axis: floor(x.shape[axis] * factor) for axis, factor in factors.items()}
        given = factors
    else:
        raise Refused("Resize without sizes and scales", "give one of them")
    changed = {axis: size for axis, size in wanted.items() if size != x.shape[axis] or factors[axis] != 1}
    if min(wanted.values(), default=1) < 1:
        raise Refused(f"Resize of {list(x.shape)} to sizes {list(wanted.values())}")
    if not changed:
        return x
    for axis, size in changed.items():
        if size * x.shape[axis] > MOST_WEIGHTS:
            raise Refused(f"Resize from {x.shape[axis]} to {size}", "use a smaller size")
    matrices = {axis: resize_matrix(sampling, x.shape[axis], size, factors[axis]) for axis, size in changed.items()}
    layer = _as_torch(x, changed, given, sampling, matrices)
    if layer is not None:
        y: Value = net.add(layer, x)
        return y
    for axis, matrix in matrices.items():
        x = linear_map(net, x, axis, matrix, name="axis")
    return x


def _as_torch(
    x: Value, changed: dict[int, int], given: dict[int, float], sampling: Sampling, matrices: dict[int, np.ndarray]
) -> Interpolate | None:
    """PyTorch's interpolation that has these matrices, or None."""
    rank = len(x.shape) - 2
    if min(changed) < 2 or rank not in TORCH_MODES[sampling.mode]:
        return None
    size = tuple(changed.get(axis, x.shape[axis]) for axis in range(2, rank + 2))
    forms: list[tuple[float, ...]] = [()]
    if given and all(axis in given for axis in range(2, rank + 2)):
        exact = all(given[axis] * x.shape[axis] == changed.get(axis, x.shape[axis]) for axis in range(2, rank + 2))
        scale = tuple(given[axis] for axis in range(2, rank + 2))
        forms = [scale, ()] if exact else [(), scale]
    for mode in TORCH_MODES[sampling.mode][rank]:
        for corners in (False, True) if sampling.mode != "nearest" else (False,):
            for scale in forms:
                own = {
                    axis: _torch_matrix(
                        mode, x.shape[axis], out, 0.0 if corners or not scale else scale[axis - 2], corners, sampling
                    )
                    for axis, out in changed.items()
                }
                if all(np.allclose(own[axis], matrices[axis], atol=1e-6) for axis in changed):
                    return Interpolate(size, mode, corners, () if corners else scale, sampling.antialias)
    return None


def _torch_matrix(mode: str, size: int, out: int, scale: float, corners: bool, sampling: Sampling) -> np.ndarray:
    matrix_of = antialiased_matrix if sampling.antialias else resampling_matrix
    return matrix_of(ALONG[mode], size, out, scale, corners)


def _with_ratio(shape: Sequence[int], wanted: dict[int, int], policy: str) -> dict[int, int]:
    """The sizes with one factor for all axes, unless the policy is to stretch."""
    if policy == "stretch":
        return wanted
    ratios = [size / shape[axis] for axis, size in wanted.items()]
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return {axis: int(floor(shape[axis] * ratio + 0.5)) for axis in wanted}

"""aten.upsample_* and the IR's UpSampling2D."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch
from .interpolate import interpolate

Size = Sequence[int] | None
Scales = float | Sequence[float] | None  # of all axes, or of the first where the size is given


def _aten(
    net: Builder, input: Value, size: Size, scales: Scales, mode: str, align_corners: bool | None = None
) -> Value:
    return interpolate(net, input, size, scales if size is None else None, mode, align_corners)


@from_torch("aten.upsample_nearest2d")
def upsample_nearest2d(
    net: Builder, input: Value, output_size: Size, scale_factors: Scales = None, scales_w: float | None = None
) -> Value:
    return _aten(net, input, output_size, scale_factors, "nearest")


@from_torch("aten.upsample_bilinear2d")
def upsample_bilinear2d(
    net: Builder,
    input: Value,
    output_size: Size,
    align_corners: bool,
    scale_factors: Scales = None,
    scales_w: float | None = None,
) -> Value:
    return _aten(net, input, output_size, scale_factors, "bilinear", align_corners)


@from_torch("aten.upsample_bicubic2d")
def upsample_bicubic2d(
    net: Builder,
    input: Value,
    output_size: Size,
    align_corners: bool,
    scale_factors: Scales = None,
    scales_w: float | None = None,
) -> Value:
    return _aten(net, input, output_size, scale_factors, "bicubic", align_corners)


@from_ir("UpSampling2D")
def ir_up_sampling(net: Builder, node: IrOperator, input: Value) -> Value:
    mode = node.text("interpolation_type", "nearest").lower()
    scales = node.integers("scales")
    scales = scales if len(scales) == 2 else scales[1:3] if len(scales) == 4 else scales * 2
    return interpolate(net, input, None, tuple(map(float, scales)), mode)

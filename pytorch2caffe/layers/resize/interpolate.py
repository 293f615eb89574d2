"""Interpolation to another size, in every mode of PyTorch's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..convolution.deconvolution import Deconvolution
from ..elementwise.scale import Scale
from ..linear.linear_map import linear_map
from .resample import antialiased_matrix, resampling_matrix

# PyTorch's name of a mode for so many axes -> the mode along each of them
ALONG = {
    "nearest": "nearest",
    "nearest-exact": "nearest-exact",
    "area": "area",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}

IR_NAMES = {
    "bilinear": ("ResizeBilinear", True),
    "nearest": ("ResizeNearestNeighbor", False),
    "nearest-exact": ("ResizeNearestNeighbor", True),
}


@layer("Interpolate")
class Interpolate(Layer):
    """The space resampled to `size`. scale: the factors, if those were given rather than the size."""

    legacy_name = "upsample"

    size: tuple[int, ...]
    mode: str = "nearest"
    align_corners: bool = False
    scale: tuple[float, ...] = ()
    antialias: bool = False

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        corners = ", align_corners=True" if self.align_corners else ""
        if self.antialias:
            how = f"scale_factor={self.scale}" if self.scale else f"size={self.size}"
            return Source(expr=f'F.interpolate({{0}}, {how}, mode="{self.mode}"{corners}, antialias=True)')
        if not self.scale or self.mode == "area":
            return Source(expr=f'F.interpolate({{0}}, size={self.size}, mode="{self.mode}"{corners})')
        scale = ", ".join(number(s) for s in self.scale)
        scale = number(self.scale[0]) if len(set(self.scale)) == 1 else f"({scale})"
        return Source(f'nn.Upsample(scale_factor={scale}, mode="{self.mode}"{corners})')

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn goes by the sizes; a factor given must be theirs."""
        one_sample(shapes[0])
        kind = {"nearest": 1, "bilinear": 2, "bicubic": 3}.get(self.mode)
        own = tuple(out / size for out, size in zip(self.size, shapes[0][2:], strict=True))
        if kind is None or self.antialias or self.scale and self.scale != own and not self.align_corners:
            raise Refused(f"ncnn has no layer Interp of mode {self.mode!r} by {self.scale or own}")
        height, width = self.size
        return Ncnn("Interp", {0: kind, 3: height, 4: width, **({6: 1} if self.align_corners else {})})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Integer factors by one depthwise Deconvolution; any other by a fixed matrix along each axis."""
        (x,) = inputs
        factors = tuple(out / size for out, size in zip(self.size, x.shape[2:], strict=True))
        given = self.scale or factors
        whole = len(factors) == 2 and all(f == int(f) == g for f, g in zip(factors, given, strict=True))
        plain = not (self.align_corners or self.antialias)
        if whole and plain and self.mode in ("nearest", "bilinear"):
            return _by_deconvolution(net, x, tuple(int(f) for f in factors), self.mode)
        for axis, (size, out) in enumerate(zip(x.shape[2:], self.size, strict=True), 2):
            scale = self.scale[axis - 2] if self.scale and not self.align_corners else 0.0
            made = antialiased_matrix if self.antialias else resampling_matrix
            matrix = made(ALONG[self.mode], size, out, scale, self.align_corners)
            if not np.array_equal(matrix, np.eye(size)):
                x = linear_map(net, x, axis, matrix, name="axis")
        return x

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """As TensorFlow resizes; by factors only where they are those of the sizes."""
        (x,) = inputs
        factors = zip(self.scale or (0,) * len(self.size), self.size, x.shape[2:], strict=True)
        exact = all(not scale or scale == out / size for scale, out, size in factors)
        if self.antialias or self.mode not in IR_NAMES or len(self.size) != 2 or not exact:
            raise Refused(f"the IR cannot resize with mode {self.mode} and these factors")
        name, half = IR_NAMES[self.mode]
        half = half and not self.align_corners
        return net.op(
            name,
            x,
            shape=(*x.shape[:2], *self.size),
            size=list(self.size),
            align_corners=self.align_corners,
            half_pixel_centers=half,
        )


def _by_deconvolution(net: Builder, x: Value, factors: Any, mode: str) -> Value:
    """Bilinear is the triangle's, over what it makes of ones: so edges are kept."""
    channels = x.shape[1]
    if mode == "nearest":
        kernel, pads = np.ones(factors, np.float32), (0, 0)
    else:
        kernel, pads = np.outer(*map(_triangle, factors)), tuple((f - f % 2) // 2 for f in factors)
    made = Deconvolution(channels, kernel.shape, factors, pads, group=channels, bias_term=False)
    y = net.add(made, x, blobs=[np.broadcast_to(kernel, (channels, 1, *kernel.shape))], name="deconvolution")
    if mode == "nearest":
        return y
    weights = np.outer(*(_of_ones(size, f) for size, f in zip(x.shape[2:], factors, strict=True)))
    return net.add(Scale(2, 2), y, blobs=[1 / weights], name="edges")


def _triangle(scale: Any) -> Any:
    """The weights of a bilinear kernel, from the middle of one pixel to that of the next but one."""
    size = 2 * scale - scale % 2
    middle = scale - 1 if scale % 2 else scale - 0.5
    return 1 - abs(np.arange(size) - middle) / scale


def _of_ones(size: int, scale: Any) -> Any:
    """What the triangle makes of a row of `size` ones: 1, and less at the edges."""
    pad = (scale - scale % 2) // 2
    kernel = _triangle(scale)
    full = np.zeros((size - 1) * scale + len(kernel))
    for i in range(size):
        full[i * scale : i * scale + len(kernel)] += kernel
    return full[pad : pad + size * scale]


@from_torch("torch.nn.functional.interpolate", "torch.nn.functional.upsample")
def interpolate(
    net: Builder,
    input: Value,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Value:
    have, rank = input.shape[2:], len(input.shape) - 2
    if mode not in ALONG or rank < 1:
        raise Refused(f"interpolate with mode {mode!r} on {rank} axes", f"use one of {', '.join(ALONG)}")
    scale = ()
    if size is not None:
        want = tuple(int(s) for s in size) if isinstance(size, (tuple, list)) else (int(size),) * rank
    else:
        scale = (
            tuple(map(float, scale_factor))
            if isinstance(scale_factor, (tuple, list))
            else (float(scale_factor),) * rank
        )
        want = tuple(int(np.floor(h * s)) for h, s in zip(have, scale, strict=True))
        scale = () if recompute_scale_factor else scale
        if mode == "nearest" and rank == 2:  # PyTorch goes by the sizes where one is the other, or twice the other
            pairs = zip(have, want, scale, strict=False)
            scale = tuple(w / h if w in (h, 2 * h) else s for h, w, s in pairs)
    if want == have and (not scale or set(scale) == {1.0}):
        return input
    return net.add(Interpolate(want, mode, bool(align_corners), scale, bool(antialias)), input)

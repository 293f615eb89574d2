"""torch.nn.functional.interpolate: resizing to another spatial size, in every mode of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.builder import Builder
from ...graph.graph import Shape, Value, fix_axes
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, from_torch, layer, number
from ..convolution.deconvolution import Deconvolution
from ..elementwise.binary import Binary
from ..elementwise.power import Power
from ..elementwise.scale import Scale
from ..linear.linear_map import linear_map
from .interp import Interp
from .resample import antialiased_matrix, resampling_matrix
from .upsample import Upsample

# PyTorch's mode, which may depend on the number of axes -> the mode along each axis
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
    """Resamples the spatial axes to `size`. scale: the factors, if they were given instead of the size."""

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
        """ncnn derives the factors from the sizes, so given factors must equal these."""
        one_sample(shapes[0])
        kind = {"nearest": 1, "bilinear": 2, "bicubic": 3}.get(self.mode)
        ratios = tuple(out / size for out, size in zip(self.size, shapes[0][2:], strict=True))
        if kind is None or self.antialias or self.scale and self.scale != ratios and not self.align_corners:
            raise Refused(f"ncnn has no layer Interp of mode {self.mode!r} by {self.scale or ratios}")
        height, width = self.size
        return Ncnn("Interp", {0: kind, 3: height, 4: width, **({6: 1} if self.align_corners else {})})

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Integer factors by one depthwise Deconvolution; any other by a fixed matrix along each axis."""
        (x,) = inputs
        if (native := self._native(x.shape)) is not None and net.takes(native, x):
            return net.add(native, x)
        factors = tuple(out / size for out, size in zip(self.size, x.shape[2:], strict=True))
        scale_factors = self.scale or factors
        integral = len(factors) == 2 and all(f == int(f) == g for f, g in zip(factors, scale_factors, strict=True))
        plain = not (self.align_corners or self.antialias)
        if integral and plain and self.mode in ("nearest", "bilinear"):
            return _by_deconvolution(net, x, tuple(int(f) for f in factors), self.mode)
        for axis, (size, out) in enumerate(zip(x.shape[2:], self.size, strict=True), 2):
            scale = self.scale[axis - 2] if self.scale and not self.align_corners else 0.0
            matrix_of = antialiased_matrix if self.antialias else resampling_matrix
            matrix = matrix_of(ALONG[self.mode], size, out, scale, self.align_corners)
            if not np.array_equal(matrix, np.eye(size)):
                x = linear_map(net, x, axis, matrix, name="axis")
        return x

    def _native(self, shape: Shape) -> Layer | None:
        """The layer that forks of Caffe have for it; None if there is none."""
        if len(shape) != 4 or self.antialias:
            return None
        if self.mode == "bilinear" and self.align_corners:
            return Interp(*self.size)
        factors = {out / size for out, size in zip(self.size, shape[2:], strict=True)}
        if self.mode == "nearest" and len(factors) == 1 and factors == {*self.scale, *factors}:
            factor = factors.pop()
            return Upsample(int(factor)) if factor == int(factor) > 1 else None
        return None

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """TensorFlow's resizing, which derives the factors from the sizes, so given factors must equal these."""
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


def _by_deconvolution(net: Lowering, x: Value, factors: Sequence[int], mode: str) -> Value:
    """One depthwise Deconvolution; bilinear: divided by its result for ones, which corrects the edges at any size."""
    channels = x.shape[1]
    pads: tuple[int, ...] = (0, 0)
    if mode == "nearest":
        kernel = np.ones(factors, np.float32)
    else:
        kernel, pads = np.outer(*map(_triangle, factors)), tuple((f - f % 2) // 2 for f in factors)
    deconvolution = Deconvolution(channels, kernel.shape, tuple(factors), pads, group=channels, bias_term=False)
    y = net.add(deconvolution, x, blobs=[np.broadcast_to(kernel, (channels, 1, *kernel.shape))], name="deconvolution")
    if mode == "nearest":
        return y
    if not net.takes(Power(scale=0.0, shift=1.0), x) or not net.takes(Power(power=-1.0), y):
        fix_axes(x, {2, 3})
        weights = np.outer(*(_response_to_ones(size, f) for size, f in zip(x.shape[2:], factors, strict=True)))
        return net.add(Scale(2, 2), y, blobs=[1 / weights], name="edges")
    first = np.zeros((channels, 1, *kernel.shape), np.float32)
    first[0] = kernel
    one_channel = Deconvolution(1, kernel.shape, tuple(factors), pads, bias_term=False)
    response = net.add(one_channel, net.add(Power(scale=0.0, shift=1.0), x, name="ones"), blobs=[first], name="edges")
    return net.add(Binary("mul"), y, net.add(Power(power=-1.0), response, name="reciprocal"))


def _triangle(scale: int) -> np.ndarray:
    """The weights of a bilinear kernel along one axis: [2 * scale], or [2 * scale - 1] for an odd scale."""
    size = 2 * scale - scale % 2
    middle = scale - 1 if scale % 2 else scale - 0.5
    return 1 - abs(np.arange(size) - middle) / scale


def _response_to_ones(size: int, scale: int) -> np.ndarray:
    """The result of the bilinear kernel for a row of `size` ones: 1, and less at the edges; [size * scale]."""
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
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Value:
    have, rank = input.shape[2:], len(input.shape) - 2
    if mode not in ALONG or rank < 1:
        raise Refused(f"interpolate with mode {mode!r} on {rank} axes", f"use one of {', '.join(ALONG)}")
    scale: tuple[float, ...] = ()
    if size is not None:
        want = tuple(int(s) for s in size) if isinstance(size, Sequence) else (int(size),) * rank
    elif scale_factor is not None:
        scale = tuple(map(float, scale_factor)) if isinstance(scale_factor, Sequence) else (float(scale_factor),) * rank
        want = tuple(int(np.floor(h * s)) for h, s in zip(have, scale, strict=True))
        scale = () if recompute_scale_factor else scale
        if mode == "nearest" and rank == 2:  # PyTorch uses the ratio of the sizes if it is 1 or 2
            sizes = zip(have, want, scale, strict=False)
            scale = tuple(w / h if w in (h, 2 * h) else s for h, w, s in sizes)
    else:
        raise Refused("interpolate without size and scale_factor", "give one of them")
    if want == have and (not scale or set(scale) == {1.0}):
        return input
    return net.add(Interpolate(want, mode, bool(align_corners), scale, bool(antialias)), input)

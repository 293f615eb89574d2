"""Interpolation to another size, in every mode of PyTorch's."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer, number
from .convolution import Deconvolution
from .linear_map import linear_map
from .resample import resampling_matrix
from .scale import Scale

# PyTorch's name of a mode for so many axes -> the mode along each of them
ALONG = {
    "nearest": "nearest", "nearest-exact": "nearest-exact", "area": "area", "linear": "linear", "bilinear": "linear",
    "trilinear": "linear", "bicubic": "cubic",
}  # fmt: skip


@layer("Interpolate")
class Interpolate(Layer):
    """The space resampled to `size`. scale: the factors, if those were given rather than the size."""

    size: tuple[int, ...]
    mode: str = "nearest"
    align_corners: bool = False
    scale: tuple[float, ...] = ()

    def to_torch(self, shapes, blobs):
        corners = ", align_corners=True" if self.align_corners else ""
        if not self.scale or self.mode == "area":
            return Source(expr=f'F.interpolate({{0}}, size={self.size}, mode="{self.mode}"{corners})')
        scale = ", ".join(number(s) for s in self.scale)
        scale = number(self.scale[0]) if len(set(self.scale)) == 1 else f"({scale})"
        return Source(f'nn.Upsample(scale_factor={scale}, mode="{self.mode}"{corners})')

    def lower(self, net, inputs, blobs):
        """Integer factors by one depthwise Deconvolution; any other by a fixed matrix along each axis."""
        (x,) = inputs
        factors = tuple(out / size for out, size in zip(self.size, x.shape[2:], strict=True))
        given = self.scale or factors
        whole = len(factors) == 2 and all(f == int(f) == g for f, g in zip(factors, given, strict=True))
        if whole and self.mode in ("nearest", "bilinear") and not self.align_corners:
            return _by_deconvolution(net, x, tuple(int(f) for f in factors), self.mode)
        for axis, (size, out) in enumerate(zip(x.shape[2:], self.size, strict=True), 2):
            scale = self.scale[axis - 2] if self.scale and not self.align_corners else 0.0
            matrix = resampling_matrix(ALONG[self.mode], size, out, scale, self.align_corners)
            if not np.array_equal(matrix, np.eye(size)):
                x = linear_map(net, x, axis, matrix, name="axis")
        return x


def _by_deconvolution(net, x, factors, mode):
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


def _triangle(scale):
    """The weights of a bilinear kernel, from the middle of one pixel to that of the next but one."""
    size = 2 * scale - scale % 2
    middle = scale - 1 if scale % 2 else scale - 0.5
    return 1 - abs(np.arange(size) - middle) / scale


def _of_ones(size, scale):
    """What the triangle makes of a row of `size` ones: 1, and less at the edges."""
    pad = (scale - scale % 2) // 2
    kernel = _triangle(scale)
    full = np.zeros((size - 1) * scale + len(kernel))
    for i in range(size):
        full[i * scale : i * scale + len(kernel)] += kernel
    return full[pad : pad + size * scale]


@from_torch("torch.nn.functional.interpolate", "torch.nn.functional.upsample")
def interpolate(
    net, input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
    antialias=False,
):  # fmt: skip
    have, rank = input.shape[2:], len(input.shape) - 2
    if antialias:
        raise Refused("interpolate with antialias=True has no Caffe layer", "use antialias=False")
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
    if want == have and (not scale or set(scale) == {1.0}):
        return input
    return net.add(Interpolate(want, mode, bool(align_corners), scale), input)


def _aten(net, input, size, factors, mode, align_corners=None):
    if size is None:
        return interpolate(net, input, None, list(factors), mode, align_corners)
    return interpolate(net, input, list(size), None, mode, align_corners)


@from_torch("aten.upsample_nearest2d")
def upsample_nearest2d(net, input, output_size, scale_factors=None, scales_w=None):
    return _aten(net, input, output_size, scale_factors, "nearest")


@from_torch("aten.upsample_bilinear2d")
def upsample_bilinear2d(net, input, output_size, align_corners, scale_factors=None, scales_w=None):
    return _aten(net, input, output_size, scale_factors, "bilinear", align_corners)


@from_torch("aten.upsample_bicubic2d")
def upsample_bicubic2d(net, input, output_size, align_corners, scale_factors=None, scales_w=None):
    return _aten(net, input, output_size, scale_factors, "bicubic", align_corners)

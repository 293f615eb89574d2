"""Upsampling."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer
from .convolution import Deconvolution
from .scale import Scale


@layer("Interpolate")
class Interpolate(Layer):
    """The picture `scale` = (height, width) times larger, mode "nearest" or "bilinear" (corners not aligned)."""

    scale: tuple[int, int]
    mode: str = "nearest"

    def to_torch(self, shapes, blobs):
        scale = self.scale[0] if self.scale[0] == self.scale[1] else self.scale
        return Source(f'nn.Upsample(scale_factor={scale}, mode="{self.mode}")')

    def lower(self, net, inputs, blobs):
        """A depthwise Deconvolution. Bilinear is that of the triangle, over what it makes of ones: so edges are kept."""
        (x,) = inputs
        channels = x.shape[1]
        if self.mode == "nearest":
            kernel, pads = np.ones(self.scale, np.float32), (0, 0)
        else:
            kernel, pads = np.outer(*map(_triangle, self.scale)), tuple((s - s % 2) // 2 for s in self.scale)
        made = Deconvolution(channels, kernel.shape, self.scale, pads, group=channels, bias_term=False)
        y = net.add(made, x, blobs=[np.broadcast_to(kernel, (channels, 1, *kernel.shape))], name="deconvolution")
        if self.mode == "nearest":
            return y
        weights = np.outer(*(_of_ones(size, s) for size, s in zip(x.shape[2:], self.scale, strict=True)))
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
    if len(input.shape) != 4 or mode not in ("nearest", "bilinear"):
        raise Refused(f"interpolate of {len(input.shape) - 2} axes with mode {mode!r}", "use nearest or bilinear on 4 axes")
    have = input.shape[2:]
    if size is not None:
        want = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
        scale = [w / h for w, h in zip(want, have, strict=True)]
    else:
        scale = list(scale_factor) if isinstance(scale_factor, (tuple, list)) else [scale_factor] * 2
    if all(s == 1 for s in scale):
        return input
    if align_corners and mode == "bilinear" or antialias or any(s != int(s) or s < 1 for s in scale):
        asked = f"interpolate from {list(have)} by {scale}, align_corners={align_corners}, antialias={antialias}"
        raise Refused(asked, "use an integer scale_factor and align_corners=False")
    return net.add(Interpolate((int(scale[0]), int(scale[1])), mode), input)


@from_torch("aten.upsample_nearest2d")
def upsample_nearest2d(net, input, output_size, scale_factors=None, scales_w=None):
    return interpolate(net, input, output_size, scale_factors if output_size is None else None)


@from_torch("aten.upsample_bilinear2d")
def upsample_bilinear2d(net, input, output_size, align_corners, scale_factors=None, scales_w=None):
    return interpolate(net, input, output_size, scale_factors if output_size is None else None, "bilinear", align_corners)

"""Interp: bilinear resizing with aligned corners, a layer of forks of Caffe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..linear.linear_map import linear_map
from ..shape.slice import slice_at
from .resample import resampling_matrix


@layer("Interp", param="interp_param")
class Interp(Layer):
    """[N, C, H, W] resized to [N, C, height, width], bilinear, the corners on the corners.

    Source: DeepLab's and PSPNet's forks of Caffe, interp_layer.cpp.
    """

    height: int = 0
    width: int = 0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        size = (self.height, self.width)
        return Source(expr=f'F.interpolate({{0}}, size={size}, mode="bilinear", align_corners=True)')

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """A fixed matrix along each axis."""
        (x,) = inputs
        for axis, size in ((2, self.height), (3, self.width)):
            if size != x.shape[axis]:
                matrix = resampling_matrix("linear", x.shape[axis], size, 0.0, True)
                x = linear_map(net, x, axis, matrix, name="axis")
        return x


@from_caffe("Interp", param="interp_param")
def interp(net: Builder, node: CaffeNode, x: Value, size: Value | None = None) -> Value:
    """To the size of the second bottom; or by shrink_factor or zoom_factor; or to height and width; or by both factors.

    Negative pad_beg and pad_end cut rows and columns off before.
    Source: DeepLab's and PSPNet's forks of Caffe, interp_layer.cpp.
    """
    param, cuts = node.param, (-node.param.get("pad_beg", 0), -node.param.get("pad_end", 0))
    if min(cuts) < 0 or len(x.shape) != 4:
        raise Refused("Interp with padding, which the forks lack too", "pad in a layer of its own")
    for axis in (2, 3) if any(cuts) else ():
        stop = x.shape[axis] - cuts[1]
        if cuts[0] >= stop:
            raise Refused(f"Interp of {x}, which pad_beg and pad_end cut off", "cut less")
        pieces = slice_at(net, x, axis, [at for at in (cuts[0], stop) if 0 < at < x.shape[axis]], "cut")
        x = pieces[1 if cuts[0] else 0]
    if (size is None) == bool(param.get("use_blob_size", size is not None)):
        raise Refused("Interp with use_blob_size without a second bottom, or the other way round", "give it both")
    if size is not None:
        rows, columns = size.shape[2:]
    else:
        given = param.get("height", 0), param.get("width", 0)
        shrink, zoom = param.get("shrink_factor", 0), param.get("zoom_factor", 0)
        if all(given) and bool(shrink) == bool(zoom):
            rows, columns = given
        elif any(given) and not (shrink or zoom):
            raise Refused("Interp to a height or a width alone", "give both")
        else:
            rows, columns = ((((n - 1) // (shrink or 1) + 1) - 1) * (zoom or 1) + 1 for n in x.shape[2:])
    result: Value = net.add(Interp(rows, columns), x)
    return result


@from_caffe("BilinearInterpolation", param="bilinear_interpolation_param")
def bilinear_interpolation(net: Builder, node: CaffeNode, x: Value, size: Value | None = None) -> Value:
    """To the size of the second bottom, or times interpolation_factor; the corners on the corners.

    Source: bilinear_interpolation_layer.cpp of a fork of Caffe for segmentation.
    """
    factor = node.param.get("interpolation_factor", 0)
    if size is None and factor < 1:
        raise Refused("BilinearInterpolation without a size", "give it interpolation_factor or a second bottom")
    rows, columns = size.shape[2:] if size is not None else (factor * n for n in x.shape[2:])
    result: Value = net.add(Interp(rows, columns), x)
    return result

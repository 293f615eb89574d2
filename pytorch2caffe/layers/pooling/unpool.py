"""Pooling with its positions as a second top, and Upsample by them: SegNet's and ENet's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..resize.upsample import Upsample
from .max_unpool import MaxPositions
from .pooling import Pooling


@layer("Unpool")
class Unpool(Layer):
    """[N, C, height, width], 0 but for the numbers of the first input at the positions in the second.

    A position is row * width + column, as a max pooling gives them.
    """

    height: int
    width: int

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if shapes[0] != shapes[1]:
            raise Refused(
                f"Upsample of {list(shapes[0])} by positions of {list(shapes[1])}", "use those of its pooling"
            )
        empty = f"{{0}}.new_zeros({{0}}.shape[0], {shapes[0][1]}, {self.height * self.width})"
        filled = f"{empty}.scatter(2, {{1}}.flatten(2).long(), {{0}}.flatten(2))"
        return Source(expr=f"{filled}.unflatten(2, ({self.height}, {self.width}))")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        what = (
            "no Caffe layer puts numbers at positions which are not those of a max pooling whose windows tile its map"
        )
        raise Refused(what, "use an input whose height and width the poolings divide, or pools of stride = kernel_size")


@from_caffe("Pooling", param="pooling_param", tops=2)
def pooling_with_positions(net: Builder, node: CaffeNode, x: Value) -> list[Value]:
    """The maxima, and their positions in their map, row * width + column.  Source: BVLC Caffe, pooling_layer.cpp."""
    pool = Pooling.from_caffe(node.param, [x.shape], [])
    assert isinstance(pool, Pooling)
    if pool.pool != "MAX" or pool.global_pooling:
        raise Refused("average or global Pooling with a second top", "remove the second top")
    (kh, sh, ph, _), (kw, sw, pw, _) = pool.axes
    windows = MaxPositions((kh, kw), (sh, sw), (ph, pw), (1, 1), pool.round_mode == "CEIL")
    maxima, positions = net.add(pool, x), net.add(windows, x, name="positions")
    if maxima.shape != positions.shape:
        raise Refused("the positions of a Pooling whose last window PyTorch leaves out", "pad its input less")
    return [maxima, positions]


@from_caffe("Upsample", param="upsample_param")
def caffe_upsample(net: Builder, node: CaffeNode, x: Value, positions: Value | None = None) -> Value:
    """By the positions in the second bottom, to upsample_h and upsample_w or by scale; or, of one bottom, by repeating.

    Source: upsample_layer.cpp of caffe-segnet and caffe-enet; of YOLOv3's forks of Caffe.
    """
    param = node.param
    if positions is None:
        result: Value = net.add(Upsample.from_caffe(param, [x.shape], []), x)
        return result
    sizes = []
    for axis, name in ((2, "h"), (3, "w")):
        factor = param.get(f"scale_{name}", param.get("scale", 2))
        cut_off = int(param.get(f"pad_out_{name}", False))
        sizes.append(param.get(f"upsample_{name}", 0) or x.shape[axis] * factor - cut_off)
    result = net.add(Unpool(*sizes), x, positions)
    return result

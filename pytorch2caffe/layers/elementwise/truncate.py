"""Truncate: removes the fraction of each element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer


@layer("Truncate")
class Truncate(Layer):
    """Each element without its fraction: -1.5 becomes -1.  No Caffe has this layer."""

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return float(np.trunc(inputs[0][0])), float(np.trunc(inputs[0][1]))

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.trunc({0})")

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        what = "a cast to integers removes the fraction of each number, which no Caffe layer does"
        raise Refused(what, "keep the numbers in float, or convert them outside the network")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Cast", net.op("Cast", *inputs, dstType="int"), dstType="float")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("UnaryOp", {0: 19})

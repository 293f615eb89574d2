"""Truncate: removes the fraction of each element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer


@layer("Truncate")
class Truncate(Layer):
    """Each element without its fraction: -1.5 becomes -1.  No Caffe has this layer."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.trunc({0})")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Cast", net.op("Cast", *inputs, dstType="int"), dstType="float")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("UnaryOp", {0: 19})

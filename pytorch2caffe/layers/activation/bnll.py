"""BNLL, Caffe's softplus: log(1 + exp(x))."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Layer, Source, from_ir, layer


@layer("BNLL")
class BNLL(Layer):
    """y = log(1 + exp(x)), computed without overflow.  Source: BVLC Caffe, bnll_layer.cpp."""

    elementwise = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Softplus()")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Softplus", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("BNLL")


@from_ir("Softplus")
def ir_softplus(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(BNLL(), input)

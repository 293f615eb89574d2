"""Hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Bounds, Layer, Source, from_ir, from_torch, layer


@layer("TanH", param="tanh_param")
class TanH(Layer):
    """y = tanh(x).  Source: BVLC Caffe, tanh_layer.cpp."""

    elementwise = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return -1.0, 1.0

    def to_torch(self, shapes, blobs):
        return Source("nn.Tanh()")

    def to_ir(self, net, inputs, blobs):
        return net.op("Tanh", *inputs)

    def to_ncnn(self, shapes, blobs):
        return Ncnn("TanH")


@from_torch("torch.nn.functional.tanh", "torch.tanh", "torch.tanh_", "torch.Tensor.tanh", "torch.Tensor.tanh_")
def tanh(net, input):
    return net.add(TanH(), input)


@from_ir("Tanh")
def ir_tanh(net, node, input):
    return net.add(TanH(), input)

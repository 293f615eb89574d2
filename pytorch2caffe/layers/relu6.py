"""ReLU6 under the name that some readers have for it."""

from __future__ import annotations

from ..ncnn import Ncnn
from ..registry import Layer, Source, layer
from .clip import Clip


@layer("ReLU6")
class ReLU6(Layer):
    """y = min(max(x, 0), 6): Clip(0, 6) for readers that have no Clip.  Source: OpenCV's and ncnn's importers."""

    def by_image(self, shapes):
        return True

    def to_torch(self, shapes, blobs):
        return Source("nn.ReLU6()")

    def to_ncnn(self, shapes, blobs):
        return Ncnn("Clip", {0: 0.0, 1: 6.0})

    def lower(self, net, inputs, blobs):
        return net.add(Clip(0.0, 6.0), inputs[0])

    def to_ir(self, net, inputs, blobs):
        return net.op("Relu6", *inputs)

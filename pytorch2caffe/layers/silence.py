"""The layers that only bring values in or keep them from being outputs."""

from __future__ import annotations

from ..registry import Layer, Source, layer


@layer("Silence")
class Silence(Layer):
    """Takes values and gives none, so that they are no outputs.  Source: BVLC Caffe, silence_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source(expr="()")


@layer("Split")
class Split(Layer):
    """The input again, once per top. Caffe puts it in by itself.  Source: BVLC Caffe, split_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source(expr="{0}.clone()")

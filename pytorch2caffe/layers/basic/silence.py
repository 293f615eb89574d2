"""The layers that only bring values in or keep them from being outputs."""

from __future__ import annotations

from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, layer


@layer("Silence")
class Silence(Layer):
    """Takes values and gives none, so that they are no outputs.  Source: BVLC Caffe, silence_layer.cpp."""

    def to_torch(self, shapes, blobs):
        return Source(expr="()")

    def to_ncnn(self, shapes, blobs):
        return Ncnn("Noop")


@layer("Split")
class Split(Layer):
    """The input again, once per top. Caffe puts it in by itself.  Source: BVLC Caffe, split_layer.cpp."""

    moves_data = True

    tops: int = 1

    def to_caffe(self):
        return {}

    @classmethod
    def from_caffe(cls, param, shapes, blobs, tops=1):
        return cls(tops)

    def to_torch(self, shapes, blobs):
        copy = "{0}.clone()"
        return Source(expr=copy if self.tops == 1 else f"({', '.join([copy] * self.tops)})")

    def to_ir(self, net, inputs, blobs):
        """The IR has no identity; a Dropout that keeps everything is one."""
        copies = [net.op("Dropout", *inputs, keep_prob=1.0) for _ in range(self.tops)]
        return copies if self.tops > 1 else copies[0]

    def to_ncnn(self, shapes, blobs):
        return Ncnn("Split")

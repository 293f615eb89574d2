"""Convolution."""

from __future__ import annotations

from ..registry import Source, layer
from .kernel import Kernel, blob_shapes_of, kernel_to_ir


@layer("Convolution", param="convolution_param")
class Convolution(Kernel):
    """Convolution over the axes behind the channels. Blobs: weight [out, in/group, kernel...], bias [out].

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    def blob_shapes(self, shapes):
        return blob_shapes_of(self, self.num_output, shapes[0][1] // self.group)

    def to_torch(self, shapes, blobs):
        rank = len(self.kernel_size)
        return Source(f"nn.Conv{rank}d({self._arguments(shapes[0][1], self.num_output)})", state=self._state(blobs))

    def to_ir(self, net, inputs, blobs):
        size = lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s + 1  # noqa: E731
        return kernel_to_ir(self, net, inputs[0], blobs, "Conv", size)

    def to_ncnn(self, shapes, blobs):
        return self._ncnn(shapes[0], blobs[0], blobs)

"""DeformableConvolution: a convolution that reads each weight's number at a position of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer
from ..resize.flow_warp import SAMPLED
from .kernel import Kernel

CODE = f'''{SAMPLED}

def deformable_convolution(x, offset, weight, bias, pad, stride, dilation, groups, deformable_groups):
    """Deformable ConvNets' convolution. offset [N, deformable_groups * kernel * 2, h, w]: down, to the right."""
    kernel, (height, width) = weight.shape[2:], offset.shape[2:]
    offset = offset.reshape(x.shape[0], deformable_groups, kernel[0] * kernel[1], 2, height, width)
    first = [torch.arange(size, dtype=x.dtype) * s - p for size, s, p in zip((height, width), stride, pad)]
    samples = []
    for part, moved in zip(x.chunk(deformable_groups, 1), offset.unbind(1)):
        for k in range(kernel[0] * kernel[1]):
            rows = first[0][:, None] + k // kernel[1] * dilation[0] + moved[:, k, 0]
            columns = first[1] + k % kernel[1] * dilation[1] + moved[:, k, 1]
            samples.append(sampled_inside(part, rows, columns, 0.0))
    samples = torch.stack(samples, 1).unflatten(1, (deformable_groups, -1)).transpose(2, 3)  # [N, groups, C, k, h, w]
    filters = weight.flatten(1)[..., None, None]
    return F.conv2d(samples.reshape(x.shape[0], -1, height, width), filters, bias, groups=groups)
'''


@layer("DeformableConvolution", param="deformable_convolution_param")
class DeformableConvolution(Kernel):
    """Bottoms [N, C, H, W] and offsets [N, deformable_group * kernel_h * kernel_w * 2, h, w]: down, to the right.

    Positions outside of the map give 0. Blobs: weight [O, C / group, kernel_h, kernel_w], bias [O].
    Source: the Caffe code of Deformable ConvNets, deformable_conv_layer.cu and deformable_im2col.cu.
    """

    deformable_group: int = 1

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        if missing := [name for name in ("group", "deformable_group") if name not in param]:
            what = f"DeformableConvolution without {' and '.join(missing)}: the forks' defaults are 1 and 4"
            raise Refused(what, "write the number that the network was trained with")
        plain = super().from_caffe(param, shapes, blobs)
        return replace(plain, deformable_group=param["deformable_group"])  # type: ignore[call-arg, type-var]

    def to_caffe(self) -> dict[str, Any]:
        return {**super().to_caffe(), "group": self.group, "deformable_group": self.deformable_group}

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        axes = zip(shapes[0][2:], self.kernel_size, self.stride, self.pad, self.dilation, strict=True)
        return [(shapes[0][0], self.num_output, *(self._output_size(*axis) for axis in axes))]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        out = self.output_shapes(shapes)[0][2:]
        offsets = (shapes[0][0], self.deformable_group * prod(self.kernel_size) * 2, *out)
        if len(out) != 2 or [tuple(shape) for shape in shapes[1:]] != [offsets]:
            what = f"DeformableConvolution with offsets of shape {list(map(list, shapes[1:]))}"
            raise Refused(what, f"give it offsets of shape {list(offsets)}")
        settings = self.pad, self.stride, self.dilation, self.group, self.deformable_group
        names = "{weight}, {bias}" if self.bias_term else "{weight}, None"
        expr = f"deformable_convolution({{0}}, {{1}}, {names}, {', '.join(map(str, settings))})"
        return Source(expr=expr, state=dict(zip(("weight", "bias"), blobs, strict=False)), define=CODE)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        raise Refused("DeformableConvolution has no operator in MMdnn's IR")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        raise Refused("ncnn's DeformableConv2D interpolates to 0 around the map, where Caffe's gives the edge or 0")

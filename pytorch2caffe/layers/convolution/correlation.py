"""Correlation: how alike the surroundings of each position are in two maps, the layer of FlowNet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.graph import Shape
from ...graph.registry import Layer, Source, layer

CODE = '''
def correlation(x, y, pad, kernel, displacement, stride, step, subtract):
    """FlowNet's Correlation: for each displacement of y, the mean product (or distance) with x over windows."""
    x, y = (F.pad(maps, (pad, pad, pad, pad)) for maps in (x, y))
    height, width = x.shape[2] - 2 * displacement, x.shape[3] - 2 * displacement
    centre = x[:, :, displacement : displacement + height, displacement : displacement + width]
    reach = displacement // step * step
    maps = []
    for top in range(displacement - reach, displacement + reach + 1, step):
        for left in range(displacement - reach, displacement + reach + 1, step):
            moved = y[:, :, top : top + height, left : left + width]
            likeness = (centre - moved).abs() if subtract else centre * moved
            maps.append(likeness.mean(1, keepdim=True))
    return F.avg_pool2d(torch.cat(maps, 1), kernel, stride)
'''


@layer("Correlation", param="correlation_param")
class Correlation(Layer):
    """Bottoms [N, C, H, W] twice. Top [N, (2 * (max_displacement / stride_2) + 1)^2, h, w], h and w in steps stride_1.

    Channels are the displacements of the second, row by row. With correlation_type: SUBTRACT distances, not products.
    Source: FlowNet 2's fork of Caffe, correlation_layer.cpp and .cu.
    """

    kernel_size: int
    max_displacement: int
    pad: int = 0
    stride_1: int = 1
    stride_2: int = 1
    correlation_type: str = "MULTIPLY"

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if len(shapes) != 2 or shapes[0] != shapes[1] or len(shapes[0]) != 4:
            raise Refused(f"Correlation of shapes {list(map(list, shapes))}", "give it two maps of one shape")
        window = self.kernel_size + 2 * self.max_displacement
        if self.kernel_size % 2 == 0 or min(shapes[0][2:]) + 2 * self.pad < window:
            what = f"Correlation with a kernel of {self.kernel_size} and displacements up to {self.max_displacement}"
            raise Refused(
                f"{what} of maps {list(shapes[0][2:])}", "use an odd kernel that fits in with them, or more pad"
            )
        sizes = (self.pad, self.kernel_size, self.max_displacement, self.stride_1, self.stride_2)
        arguments = ", ".join(map(str, (*sizes, self.correlation_type == "SUBTRACT")))
        return Source(expr=f"correlation({{0}}, {{1}}, {arguments})", define=CODE)

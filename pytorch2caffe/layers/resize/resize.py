"""The IR's Resize operators, which are TensorFlow's."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir
from ..linear.linear_map import MOST_WEIGHTS, linear_map
from .interpolate import interpolate
from .resample import tensorflow_matrix

RESIZES = {
    "ResizeBilinear": "linear",
    "ResizeNearestNeighbor": "nearest",
    "ResizeBicubic": "cubic",
    "ResizeArea": "area",
}


@from_ir(*RESIZES)
def ir_resize(net: Builder, node: IrOperator, input: Value) -> Value:
    """Samples are at i * in / out, unless align_corners or half_pixel_centers is set.

    The size is the attribute `size` if it has the numbers, else that of `_output_shapes`.
    """
    mode = RESIZES[node.op]
    corners, half = node.flag("align_corners", False), node.flag("half_pixel_centers", False)
    size = node.integers("size", None)
    if size is None or size == [2]:
        shape = node.output_shape()
        size = list(shape[1:3]) if shape is not None and len(shape) == 4 else []
    if len(size) != 2 or len(input.shape) != 4 or min(size) < 1:
        raise Refused(f"{node.op} to an unknown size, which the file does not contain", "set size to [height, width]")
    if mode == "linear" and (half or corners):
        return interpolate(net, input, size, None, "bilinear", corners)
    for axis, out in enumerate(size, 2):
        if out * input.shape[axis] > MOST_WEIGHTS:
            raise Refused(f"{node.op} from {input.shape[axis]} to {out}", "use a smaller size")
    if mode == "nearest" and not (half or corners):
        return interpolate(net, input, size)
    if mode == "nearest" and half and not corners:
        return interpolate(net, input, size, None, "nearest-exact")
    x = input
    for axis, out in enumerate(size, 2):
        x = linear_map(net, x, axis, tensorflow_matrix(mode, x.shape[axis], out, corners, half), name="axis")
    return x

"""Scale and Bias: multiply by, or add, weights or a second input that is broadcast from an axis on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..registry import Layer, Source, layer
from .eltwise import Eltwise
from .expand import expand_to
from .reshape import reshape_to


def broadcast(name, axis, rank, smaller):
    """`name`, of `smaller` axes, as an expression that lines up with axis `axis` of a tensor of `rank` axes."""
    ones = rank - axis - smaller
    return f"{name}[{', '.join(['...', *['None'] * ones])}]" if ones else name


@dataclass(frozen=True)
class _Broadcast(Layer):
    """What Scale and Bias share: where the factor lines up."""

    axis: int = 1
    num_axes: int = 1

    def _operands(self, shapes, blobs):
        """The second operand as an expression, the blobs left, and how many axes the operand spans."""
        rank = len(shapes[0])
        axis = self.axis % rank
        if len(shapes) > 1:
            return broadcast("{1}", axis, rank, len(shapes[1])), list(blobs), rank - axis - len(shapes[1])
        spans = blobs[0].ndim if self.num_axes != -1 else rank - axis
        ones = rank - axis - spans
        return "{weight}", list(blobs[1:]), ones

    def blob_shapes(self, shapes):
        """Its factor's shape, unless that comes as a second bottom."""
        if len(shapes) > 1:
            return []
        axis = self.axis % len(shapes[0])
        return [tuple(shapes[0][axis:] if self.num_axes == -1 else shapes[0][axis : axis + self.num_axes])]

    @staticmethod
    def _column(blob, ones):
        return blob.reshape(blob.shape + (1,) * ones)


@layer("Scale", param="scale_param")
class Scale(_Broadcast):
    """y = x * scale (+ bias). scale: the second bottom, or blobs scale and bias of the shape of axes axis...

    Source: BVLC Caffe, scale_layer.cpp.
    """

    bias_term: bool = False

    def blob_shapes(self, shapes):
        own = super().blob_shapes(shapes)
        return own + ([own[0] if own else tuple(shapes[1])] if self.bias_term else [])

    def to_torch(self, shapes, blobs):
        operand, rest, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        if not self.bias_term:
            return Source(expr=f"{{0}} * {operand}", state=state)
        return Source(expr=f"{{0}} * {operand} + {{bias}}", state={**state, "bias": self._column(rest[0], ones)})


@layer("Bias", param="bias_param")
class Bias(_Broadcast):
    """y = x + bias. bias: the second bottom, or a blob of the shape of axes axis...

    Source: BVLC Caffe, bias_layer.cpp.
    """

    def to_torch(self, shapes, blobs):
        operand, _, ones = self._operands(shapes, blobs)
        state = {} if len(shapes) > 1 else {"weight": self._column(blobs[0], ones)}
        return Source(expr=f"{{0}} + {operand}", state=state)

    def lower(self, net, inputs, blobs):
        """Importers lack Bias: a Scale by 1 that has a bias, or the sum with the second bottom repeated."""
        if blobs:
            return net.add(Scale(self.axis, self.num_axes, True), *inputs, blobs=[np.ones_like(blobs[0]), blobs[0]])
        x, bias = inputs
        axis = self.axis % len(x.shape)
        lined_up = reshape_to(net, bias, bias.shape + (1,) * (len(x.shape) - axis - len(bias.shape)), "lined_up")
        return net.add(Eltwise(), x, expand_to(net, lined_up, x.shape))

"""The weight and bias that follow a normalization."""

from __future__ import annotations

import numpy as np

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ..elementwise.arithmetic import arithmetic
from ..elementwise.scale import Scale
from ..shape.reshape import reshape_to


def scale_and_shift(net: Builder, y: Value, weight: Operand | None, bias: Operand | None, axis: int) -> Value:
    """y * weight + bias, aligned with the axes of y from `axis` on; each may be absent, a parameter or traced."""
    if isinstance(weight, Value) or isinstance(bias, Value):
        for operation, operand in (("mul", weight), ("add", bias)):
            if operand is not None:
                after = len(y.shape) - axis - len(operand.shape)
                aligned = reshape_to(net, operand, (*operand.shape, *(1,) * after), "operand")
                y = arithmetic(net, operation, y, aligned)
        return y
    if weight is None:
        if bias is None:
            return y
        weight = np.ones(bias.shape, np.float32)
    blobs = [weight] if bias is None else [weight, bias]
    return net.add(Scale(axis, weight.ndim, bias is not None), y, blobs=blobs, name="scale")

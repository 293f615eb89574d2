"""Instance normalisation."""

from __future__ import annotations

import numpy as np

from ..registry import Layer, Source, from_torch, layer, number
from .batch_norm import batch_norm
from .mvn import normalise
from .scale import Scale


@layer("InstanceNorm")
class InstanceNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the space of each channel of each sample."""

    eps: float = 1e-5

    def to_torch(self, shapes, blobs):
        return Source(expr=f"F.instance_norm({{0}}, eps={number(self.eps)})")

    def lower(self, net, inputs, blobs):
        return normalise(net, inputs[0], 2, self.eps)


@from_torch("torch.nn.functional.instance_norm")
def instance_norm(
    net, input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1,
    eps=1e-5,
):  # fmt: skip
    if not use_input_stats:
        return batch_norm(net, input, running_mean, running_var, weight, bias, False, momentum, eps)
    y = net.add(InstanceNorm(eps), input)
    if weight is None and bias is None:
        return y
    blobs = [np.ones(input.shape[1], np.float32) if weight is None else weight, *([] if bias is None else [bias])]
    return net.add(Scale(bias_term=bias is not None), y, blobs=blobs, name="scale")

"""Instance normalisation."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...formats.ncnn import Ncnn, one_sample
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.scale import Scale
from .batch_norm import batch_norm
from .mvn import normalise


@layer("InstanceNorm")
class InstanceNorm(Layer):
    """y = (x - mean) / sqrt(variance + eps) over the space of each channel of each sample."""

    legacy_name = "instance_norm"

    eps: float = 1e-5

    def to_torch(self, shapes, blobs):
        return Source(expr=f"F.instance_norm({{0}}, eps={number(self.eps)})")

    def to_ncnn(self, shapes, blobs):
        one_sample(shapes[0], 3, 4, 5)
        seen = shapes[0][1:] if len(shapes[0]) > 3 else (shapes[0][1], 1, shapes[0][2])
        return Ncnn("InstanceNorm", {0: seen[0], 1: self.eps, 2: 0}, (), (seen,), (seen,))

    def lower(self, net, inputs, blobs):
        return normalise(net, inputs[0], 2, self.eps)

    def to_ir(self, net, inputs, blobs):
        if len(inputs[0].shape) != 4:
            raise Refused("the IR's InstanceNorm is of 4 axes")
        return net.op("InstanceNorm", *inputs, epsilon=self.eps)


@from_torch("torch.nn.functional.instance_norm")
def instance_norm(
    net,
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    if not use_input_stats:
        return batch_norm(net, input, running_mean, running_var, weight, bias, False, momentum, eps)
    y = net.add(InstanceNorm(eps), input)
    if weight is None and bias is None:
        return y
    blobs = [np.ones(input.shape[1], np.float32) if weight is None else weight, *([] if bias is None else [bias])]
    return net.add(Scale(bias_term=bias is not None), y, blobs=blobs, name="scale")


@from_ir("InstanceNorm")
def ir_instance_norm(net, node, input):
    weight, bias = (node.weight(key, rank=1) if node.has(key) else None for key in ("scale", "bias"))
    return instance_norm(net, input, weight=weight, bias=bias, eps=node.number("epsilon"))

"""Fully connected layers."""

from __future__ import annotations

from math import prod

from ..errors import Refused
from ..graph import Value
from ..registry import Layer, Source, from_torch, layer


@layer("InnerProduct", param="inner_product_param")
class InnerProduct(Layer):
    """y = x W^T + b over all axes from `axis` on, flattened. Blobs: weight [out, in] ([in, out] if transpose), bias.

    Source: BVLC Caffe, inner_product_layer.cpp.
    """

    num_output: int
    bias_term: bool = True
    axis: int = 1
    transpose: bool = False

    def blob_shapes(self, shapes):
        size = prod(shapes[0][self.axis % len(shapes[0]) :])
        weight = (size, self.num_output) if self.transpose else (self.num_output, size)
        return [weight, *([(self.num_output,)] if self.bias_term else [])]

    def to_torch(self, shapes, blobs):
        axis = self.axis % len(shapes[0])
        weight = blobs[0].T if self.transpose else blobs[0]
        bias = {"bias": blobs[1]} if self.bias_term else {}
        if axis == len(shapes[0]) - 1:
            tail = "" if self.bias_term else ", bias=False"
            return Source(f"nn.Linear({weight.shape[1]}, {self.num_output}{tail})", state={"weight": weight, **bias})
        flat = f"{{0}}.flatten({axis})"
        arguments = "{weight}, {bias}" if self.bias_term else "{weight}"
        return Source(expr=f"F.linear({flat}, {arguments})", state={"weight": weight, **bias})


@from_torch("torch.nn.functional.linear", "torch._C._nn.linear")
def linear(net, input, weight, bias=None):
    if isinstance(weight, Value) or isinstance(bias, Value):
        raise Refused("linear with weights that depend on the input", "use weights that are parameters")
    from .reshape import reshape_to

    blobs = [weight] if bias is None else [weight, bias]
    x = reshape_to(net, input, (1, *input.shape)) if len(input.shape) == 1 else input
    y = net.add(InnerProduct(weight.shape[0], bias is not None, len(x.shape) - 1), x, blobs=blobs)
    return reshape_to(net, y, y.shape[1:]) if x is not input else y

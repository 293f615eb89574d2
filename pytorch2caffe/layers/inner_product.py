"""Fully connected layers."""

from __future__ import annotations

from math import prod

import numpy as np

from ..graph import Value
from ..ncnn import Ncnn, Tagged, blob_shape
from ..registry import Layer, Source, from_ir, from_torch, layer


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
        tail = "" if self.bias_term else ", bias=False"
        call = "" if axis == len(shapes[0]) - 1 else f"{{module}}({{0}}.flatten({axis}))"
        return Source(f"nn.Linear({weight.shape[1]}, {self.num_output}{tail})", call, state={"weight": weight, **bias})

    def to_ir(self, net, inputs, blobs):
        """Of [N, C, H, W] flattened in the order H, W, C, its rows likewise."""
        (x,) = inputs
        axis = self.axis % len(x.shape)
        weight = blobs[0] if self.transpose else blobs[0].T
        if axis == 1 and len(x.shape) in (4, 5):
            places = np.arange(prod(x.shape[1:])).reshape(1, *x.shape[1:])
            weight, x = weight[np.moveaxis(places, 1, -1).ravel()], net.flat(x)
            return self._ir(net, x, weight, blobs[1:])
        x = net.reshape(x, (*x.shape[:axis], prod(x.shape[axis:])))
        return net.ir_order(self._ir(net, net.graph_order(x), weight, blobs[1:]))

    def _ir(self, net, x, weight, bias):
        shape = net.graph_shape((*x.ir_shape[:-1], self.num_output))
        weights = {"weights": weight, **({"bias": bias[0]} if bias else {})}
        return net.op("FullyConnected", x, shape=shape, weights=weights, units=self.num_output, use_bias=bool(bias))

    def to_ncnn(self, shapes, blobs):
        """ncnn flattens all axes, but takes two as rows where the last is as long as its weight."""
        shape, axis = shapes[0], self.axis % len(shapes[0])
        rows, size = prod(shape[:axis]), prod(shape[axis:])
        weight = np.ascontiguousarray(blobs[0].T) if self.transpose else blobs[0]
        params = {0: self.num_output, 1: int(self.bias_term), 2: weight.size}
        weights = (Tagged(weight), *blobs[1:])
        if rows > 1:
            return Ncnn("InnerProduct", params, weights, ((rows, size),), ((rows, self.num_output),))
        reads = ((size,),) if len(blob_shape(shape)) == 2 else ()
        return Ncnn("InnerProduct", params, weights, reads, ((self.num_output,),))


@from_torch("torch.nn.functional.linear", "torch._C._nn.linear")
def linear(net, input, weight, bias=None):
    """One InnerProduct; of weights that are computed a matrix product, and what is added is added."""
    from .binary import arithmetic
    from .matmul import matrix_product
    from .permute import permute_to
    from .reshape import reshape_to

    if isinstance(weight, Value) or not isinstance(input, Value):
        turned = permute_to(net, weight, range(len(weight.shape))[::-1])
        y = matrix_product(net, input, turned)
        return y if bias is None else arithmetic(net, "add", y, bias)
    added = bias if isinstance(bias, Value) or len(weight.shape) == 1 else None
    blobs = [np.atleast_2d(weight)] if bias is None or added is not None else [weight, bias]
    x = reshape_to(net, input, (1, *input.shape)) if len(input.shape) == 1 else input
    y = net.add(InnerProduct(len(blobs[0]), len(blobs) > 1, len(x.shape) - 1), x, blobs=blobs)
    y = reshape_to(net, y, y.shape[1:]) if x is not input else y
    y = reshape_to(net, y, y.shape[:-1]) if len(weight.shape) == 1 else y
    return y if added is None else arithmetic(net, "add", y, added)


@from_ir("FullyConnected", "MatMul")
def ir_fully_connected(net, node, input, other=None):
    """x @ W + b along the last axis. W: [in, out]. A MatMul of two computed tensors has no weights."""
    if other is not None:
        from .matmul import matrix_product

        return node.stored(matrix_product(net, *_turned(net, node, node.ordered(input), node.ordered(other))))
    weight = node.weight("weights", rank=2)
    x = node.ordered(input)
    if len(x.shape) > 2 and weight.shape[0] == prod(x.shape[1:]) != x.shape[-1]:
        x = node.reshaped(input, (x.shape[0], weight.shape[0]))
    bias = node.weight("bias", rank=1) if node.has("bias") else None
    return node.stored(linear(net, x, weight.T, bias))


def _turned(net, node, a, b):
    """The factors of a MatMul, transposed where its attributes say so; both in the IR's layout."""
    from .permute import transpose

    pairs = (a, ("transpose_a", "adj_x")), (b, ("transpose_b", "adj_y"))
    return [transpose(net, x, -2, -1) if any(node.flag(key, False) for key in keys) else x for x, keys in pairs]

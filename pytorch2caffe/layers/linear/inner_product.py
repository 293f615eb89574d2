"""InnerProduct: the fully connected layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, Tagged, blob_shape
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer
from ..convolution.convolution import Convolution
from ..shape.permute import permute_to
from ..shape.reshape import reshape_to


@layer("InnerProduct", param="inner_product_param")
class InnerProduct(Layer):
    """y = x W^T + b over all axes from `axis` on, flattened. Blobs: weight [out, in] ([in, out] if transpose), bias.

    Source: BVLC Caffe, inner_product_layer.cpp.
    """

    legacy_name = "fc"
    needs_weights = True

    num_output: int
    bias_term: bool = True
    axis: int = 1
    transpose: bool = False

    def multiply_adds(self, inputs: Sequence[Shape], outputs: Sequence[Shape], blobs: Sequence[np.ndarray]) -> int:
        return prod(outputs[0]) * (blobs[0].size // self.num_output)

    def may_be_mask(self, index: int, blobs: Sequence[np.ndarray]) -> bool:
        """A constant is written as the bias of a product with 0."""
        return index == 1 and not blobs[0].any()

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        size = prod(shapes[0][self.axis % len(shapes[0]) :])
        weight = (size, self.num_output) if self.transpose else (self.num_output, size)
        return [weight, *([(self.num_output,)] if self.bias_term else [])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        axis = self.axis % len(shapes[0])
        weight = blobs[0].T if self.transpose else blobs[0]
        bias = {"bias": blobs[1]} if self.bias_term else {}
        tail = "" if self.bias_term else ", bias=False"
        call = "" if axis == len(shapes[0]) - 1 else f"{{module}}({{0}}.flatten({axis}))"
        return Source(f"nn.Linear({weight.shape[1]}, {self.num_output}{tail})", call, state={"weight": weight, **bias})

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """The IR flattens [N, C, H, W] in the order H, W, C, so the rows of the weight are put in that order."""
        (x,) = inputs
        axis = self.axis % len(x.shape)
        weight = blobs[0] if self.transpose else blobs[0].T
        if axis == 1 and len(x.shape) in (4, 5):
            positions = np.arange(prod(x.shape[1:])).reshape(1, *x.shape[1:])
            weight, x = weight[np.moveaxis(positions, 1, -1).ravel()], net.flat(x)
            return self._ir(net, x, weight, blobs[1:])
        x = net.reshape(x, (*x.shape[:axis], prod(x.shape[axis:])))
        return net.ir_order(self._ir(net, net.graph_order(x), weight, blobs[1:]))

    def _ir(self, net: IrNet, x: Edge, weight: np.ndarray, bias: Sequence[np.ndarray]) -> Edge:
        shape = net.graph_shape((*x.ir_shape[:-1], self.num_output))
        weights = {"weights": weight, **({"bias": bias[0]} if bias else {})}
        return net.op("FullyConnected", x, shape=shape, weights=weights, units=self.num_output, use_bias=bool(bias))

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn flattens all axes, but reads two axes as rows where the last is as long as its weight."""
        shape, axis = shapes[0], self.axis % len(shapes[0])
        rows, size = prod(shape[:axis]), prod(shape[axis:])
        weight = np.ascontiguousarray(blobs[0].T) if self.transpose else blobs[0]
        params = {0: self.num_output, 1: int(self.bias_term), 2: weight.size}
        weights: tuple[Tagged | np.ndarray, ...] = (Tagged(weight), *blobs[1:])
        if rows > 1:
            return Ncnn("InnerProduct", params, weights, ((rows, size),), ((rows, self.num_output),))
        reads = ((size,),) if len(blob_shape(shape)) == 2 else ()
        return Ncnn("InnerProduct", params, weights, reads, ((self.num_output,),))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """With a bias of 0 for consumers that read one; and the rows of [N, rows, features] by a convolution.

        before: x[N, T, C] -> InnerProduct(O, axis 2) -> y[N, T, O]
        after:  x -> Reshape -> [N, 1, T, C] -> Convolution(O, 1 x C) -> [N, O, T, 1] -> Permute -> Reshape -> y
        """
        (x,) = inputs
        axis, weight = self.axis % len(x.shape), blobs[0].T if self.transpose else blobs[0]
        plain = InnerProduct(self.num_output, axis=axis)
        bias = blobs[1] if self.bias_term else np.zeros(self.num_output, np.float32)
        if net.takes(plain, x, blobs=[weight, bias]) or axis == 1 or not axis:
            return net.add(plain, x, blobs=[weight, bias])
        rows, features = prod(x.shape[1:axis]), prod(x.shape[axis:])
        image = reshape_to(net, x, (x.shape[0], 1, rows, features), "rows")
        convolution = Convolution(self.num_output, (1, features), bias_term=self.bias_term)
        filters = weight.reshape(self.num_output, 1, 1, features)
        y = permute_to(net, net.add(convolution, image, blobs=[filters, *blobs[1:]], name="product"), (0, 2, 3, 1))
        return reshape_to(net, y, (*x.shape[:axis], self.num_output))

"""Embed: a row of a table for each number."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, Tagged
from ...graph.bounds import are_integers
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer
from ..activation.relu import ReLU
from ..elementwise.absval import AbsVal
from ..elementwise.power import Power
from ..linear.inner_product import InnerProduct
from ..shape.reshape import reshape_to

MOST_NUMBERS = 1 << 24  # in the blob of zeros and ones that replaces the look-up


@layer("Embed", param="embed_param")
class Embed(Layer):
    """Row x of the weight, plus the bias, for each x of the input, an integer below input_dim.

    Blobs: weight [input_dim, num_output], bias [num_output].  Source: BVLC Caffe, embed_layer.cpp.
    """

    needs_weights = True

    num_output: int
    input_dim: int
    bias_term: bool = True

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        low, high = float(np.min(blobs[0])), float(np.max(blobs[0]))
        return (low + float(np.min(blobs[1])), high + float(np.max(blobs[1]))) if self.bias_term else (low, high)

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return are_integers(*blobs)

    def to_caffe(self) -> dict[str, Any]:
        settings = {"num_output": self.num_output, "input_dim": self.input_dim}
        return settings if self.bias_term else {**settings, "bias_term": False}

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [(self.input_dim, self.num_output), *([(self.num_output,)] if self.bias_term else [])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if not self.bias_term:
            module = f"nn.Embedding({self.input_dim}, {self.num_output})"
            return Source(module, "{module}({0}.long())", state={"weight": blobs[0]})
        state = {"weight": blobs[0], "bias": blobs[1]}
        return Source(expr="F.embedding({0}.long(), {weight}) + {bias}", state=state)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn's Embed reads int32, which only an input of the network can be, and one that only Embed layers read."""
        count = prod(shapes[0])
        params = {0: self.num_output, 1: self.input_dim, 2: int(self.bias_term), 3: blobs[0].size}
        weights: tuple[Tagged | np.ndarray, ...] = (Tagged(blobs[0]), *blobs[1:])
        return Ncnn("Embed", params, weights, ((count,),), ((count, self.num_output),), of_ints=True)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """The numbers are in the Graph's order in the IR too; a bias becomes part of each row."""
        table = blobs[0] + blobs[1] if self.bias_term else blobs[0]
        x = net.graph_order(inputs[0])
        shape = net.graph_shape((*x.ir_shape, self.num_output))
        made = {"input_dim": self.input_dim, "output_dim": self.num_output, "mask_zero": False}
        return net.ir_order(net.op("Embedding", x, shape=shape, weights={"weights": table}, **made))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """For consumers without Embed: a one-hot row for each number, times the table; the first axis stays."""
        (x,) = inputs
        numbers = prod(x.shape) * self.input_dim
        if numbers > MOST_NUMBERS:
            what = f"Embed of {prod(x.shape)} numbers in a table of {self.input_dim} rows: plain layers need a blob of "
            fix = "embed outside of the network, and give it the vectors"
            raise Refused(f"{what}{numbers} numbers, more than {MOST_NUMBERS}", fix)
        ones, steps = np.ones((self.input_dim, 1), np.float32), -np.arange(self.input_dim, dtype=np.float32)
        steps_of_rows, shape = InnerProduct(self.input_dim, axis=len(x.shape)), (*x.shape, 1)
        rows_fit = 1 < len(shape) <= 4 and net.takes(steps_of_rows, Value("", shape), blobs=[ones, steps])
        shape = shape if rows_fit else (prod(x.shape), 1)
        axis, column = len(shape) - 1, reshape_to(net, x, shape, "column")
        apart = net.add(InnerProduct(self.input_dim, axis=axis), column, blobs=[ones, steps], name="apart")
        near = net.add(Power(scale=-1.0, shift=1.0), net.add(AbsVal(), apart, name="distance"), name="near")
        one_hot = net.add(ReLU(), near, name="one_hot")
        product = InnerProduct(self.num_output, self.bias_term, axis)
        rows = net.add(product, one_hot, blobs=[blobs[0].T, *blobs[1:]])
        return reshape_to(net, rows, (*x.shape, self.num_output), "rows")

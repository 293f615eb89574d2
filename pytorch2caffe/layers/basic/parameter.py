"""A constant: a value that is the same for every input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, blob_shape, reshape
from ...graph.bounds import are_integers
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, from_ir, layer
from ..elementwise.power import Power
from ..linear.inner_product import InnerProduct
from ..pooling.pooling import Pooling
from ..shape.reshape import reshape_to

MOST_FILLED = 1 << 24


@layer("Parameter", param="parameter_param")
class Constant(Layer):
    """Outputs its one blob, of shape `shape`.  Source: BVLC Caffe, parameter_layer.hpp (2016)."""

    keeps_inf = True

    shape: tuple[int, ...]

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        return float(np.min(blobs[0])), float(np.max(blobs[0]))

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return are_integers(blobs[0])

    def may_be_mask(self, index: int, blobs: Sequence[np.ndarray]) -> bool:
        return True

    def to_caffe(self) -> dict[str, Any]:
        return {"shape": {"dim": list(self.shape)}}

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        return cls(tuple(param["shape"]["dim"]))

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        return [self.shape]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="{weight}", state={"weight": blobs[0]})

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("MemoryData", reshape(blob_shape(self.shape)), (blobs[0],))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """The bias of an InnerProduct whose input is zero: an element of the network's input times 0."""
        (constant,) = blobs
        source = net.graph.inputs[0]
        flat = reshape_to(net, source, (1, 1, 1, int(np.prod(source.shape))), "flat")
        one = net.add(Pooling("MAX", *flat.shape[2:]), flat, name="pool")
        zero = net.add(Power(scale=0.0), reshape_to(net, one, (1, 1), "one"), name="zero")
        blobs = [np.zeros((constant.size, 1), np.float32), constant.reshape(-1)]
        return reshape_to(net, net.add(InnerProduct(constant.size), zero, blobs=blobs, name="fill"), constant.shape)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.constant(blobs[0])


@from_ir("Constant", "Const")
def ir_constant(net: Builder, node: IrOperator) -> np.ndarray:
    """The value is an attribute, for a number or a list of numbers, or else among the weights."""
    if node.has("value") or node.has("weights"):
        return node.stored(node.weight("value", "weights"))
    return node.stored(np.asarray(node.numbers("value"), np.float32))


@from_ir("Shape")
def ir_shape(net: Builder, node: IrOperator, input: Value) -> np.ndarray:
    return np.asarray(node.shape(input), np.float32)


@from_ir("Fill")
def ir_fill(net: Builder, node: IrOperator, *dims: np.ndarray) -> np.ndarray:
    shape = node.integers("shape", None) or [int(size) for size in np.ravel(dims[0])]
    if not 0 < np.prod(shape, dtype=float) <= MOST_FILLED:
        raise Refused(f"Fill of shape {shape}", f"use at most {MOST_FILLED:,} elements")
    return node.stored(np.full(shape, node.number("value"), np.float32))

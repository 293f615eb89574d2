"""Cast: to whole numbers it cuts the fraction off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Layer, Source, from_ir, layer

FLOATS = {"float", "double", "half", "float16", "float32", "float64", "DT_FLOAT", "DT_FLOAT32", "DT_FLOAT64"}
WHOLE = {"int", "int32", "int64", "DT_INT32", "DT_INT64"}


@layer("Truncate")
class Truncate(Layer):
    """The number without its fraction: -1.5 becomes -1.  No Caffe has it."""

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(expr="torch.trunc({0})")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.op("Cast", net.op("Cast", *inputs, dstType="int"), dstType="float")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("UnaryOp", {0: 19})


@from_ir("Cast")
def ir_cast(net: Builder, node: IrOperator, input: Value) -> Any:
    """Numbers are float32 throughout; whole ones up to 2^24 are exact."""
    key = next((key for key in ("dstType", "DstT") if key in node), "dstType")
    kind = node.text(key)
    if kind in FLOATS:
        return input
    if kind in WHOLE:
        return net.add(Truncate(), input)
    raise Refused(f"Cast to {kind}", "cast to float or int")

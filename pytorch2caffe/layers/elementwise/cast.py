"""Cast: to whole numbers it cuts the fraction off."""

from __future__ import annotations

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, from_ir, layer

FLOATS = {"float", "double", "half", "float16", "float32", "float64", "DT_FLOAT", "DT_FLOAT32", "DT_FLOAT64"}
WHOLE = {"int", "int32", "int64", "DT_INT32", "DT_INT64"}


@layer("Truncate")
class Truncate(Layer):
    """The number without its fraction: -1.5 becomes -1.  No Caffe has it."""

    def to_torch(self, shapes, blobs):
        return Source(expr="torch.trunc({0})")

    def to_ir(self, net, inputs, blobs):
        return net.op("Cast", net.op("Cast", *inputs, dstType="int"), dstType="float")

    def to_ncnn(self, shapes, blobs):
        return Ncnn("UnaryOp", {0: 19})


@from_ir("Cast")
def ir_cast(net, node, input):
    """Numbers are float32 throughout; whole ones up to 2^24 are exact."""
    key = next((key for key in ("dstType", "DstT") if key in node), "dstType")
    kind = node.text(key)
    if kind in FLOATS:
        return input
    if kind in WHOLE:
        return net.add(Truncate(), input)
    raise Refused(f"Cast to {kind}", "cast to float or int")

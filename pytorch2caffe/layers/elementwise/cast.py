"""Cast: to float, to integers (the fraction is removed) and to bool."""

from __future__ import annotations

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir, from_torch, keeps_masks
from .compare import ne
from .rounding import Rounding

FLOATS = {"float", "double", "half", "float16", "float32", "float64", "DT_FLOAT", "DT_FLOAT32", "DT_FLOAT64"}
INTEGERS = {"int", "int32", "int64", "DT_INT32", "DT_INT64"}


@from_ir("Cast")
def ir_cast(net: Builder, node: IrOperator, input: Value) -> Value:
    """Numbers stay float32, which is exact for integers up to 2^24."""
    key = next((key for key in ("dstType", "DstT") if key in node), "dstType")
    kind = node.text(key)
    if kind in FLOATS:
        return input
    if kind in INTEGERS:
        return net.add(Rounding("trunc"), input)
    raise Refused(f"Cast to {kind}", "cast to float or int")


@from_torch("torch.Tensor.bool")
@keeps_masks
def as_mask(net: Builder, input: Value, *args: object, **kwargs: object) -> Value:
    """A cast to bool: True where the input is not 0."""
    return ne(net, input, 0.0)

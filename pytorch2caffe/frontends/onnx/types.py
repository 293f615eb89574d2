"""The types of tensors that an operator's outputs have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ..casting import outside_of
from .package import onnx
from .tensors import FLOAT

INT64, BOOL = np.dtype(np.int64), np.dtype(bool)
NAMES: dict[str, np.dtype] = {
    "float": FLOAT,
    "int64": INT64,
    "int32": np.dtype(np.int32),
    "bool": BOOL,
    "string": np.dtype(object),
}


@lru_cache(maxsize=4096)
def schema_of(op: str, opset: int, domain: str = "") -> Any:
    """The specification of an operator in an opset, or None."""
    try:
        return onnx("defs").get_schema(op, opset, domain)
    except onnx("defs").SchemaError:
        return None


def output_types(
    op: str, opset: int, domain: str, inputs: Sequence[np.dtype | None], attributes: Mapping[str, Any], count: int
) -> list[np.dtype]:
    """The types of an operator's outputs, by its specification; an operator without one keeps its first input's."""
    first = next((dtype for dtype in inputs if dtype is not None), FLOAT)
    schema = schema_of(op, opset, domain)
    if schema is None or not schema.outputs:
        return [first] * count
    variables: dict[str, np.dtype] = {}
    for index, dtype in enumerate(inputs):
        formal = schema.inputs[min(index, len(schema.inputs) - 1)].type_str if schema.inputs else ""
        if dtype is not None:
            variables.setdefault(formal, dtype)
    allowed = {constraint.type_param_str: constraint.allowed_type_strs for constraint in schema.type_constraints}
    found = []
    for index in range(count):
        formal = schema.outputs[min(index, len(schema.outputs) - 1)].type_str
        single = allowed.get(formal, [formal])
        if formal in variables:
            found.append(variables[formal])
        elif len(single) == 1:
            found.append(NAMES.get(single[0].removeprefix("tensor(").removesuffix(")"), FLOAT))
        else:
            found.append(first if first.kind == "f" else FLOAT)
    return found


def refuse_overflow(net: Builder, value: Value, dtype: np.dtype, op: str) -> None:
    """Raises Refused if integers of this type may wrap round where they were computed in float32."""
    if dtype.kind not in "iu" or dtype.itemsize == 8:
        return
    outside = outside_of(net.bounds.of(value), dtype)
    if outside and any(value in node.outputs and not node.layer.moves_data for node in net.graph.nodes[-8:]):
        raise Refused(f"{op} computes in {dtype}, Caffe in float32{outside}", "cast to float first")

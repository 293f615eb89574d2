"""The types of tensors: those that an operator's outputs have, and what changes of type do to the numbers.

A Graph computes in float32, which holds integers up to 2^24 exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import ANY, Bounds
from ...layers.elementwise.compare import ne
from ...layers.elementwise.rounding import Rounding
from .package import onnx
from .tensors import FLOAT

EXACT = 1 << 24
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


def range_of(dtype: np.dtype) -> Bounds:
    """The least and the greatest number of a type that is bool or an integer."""
    if dtype.kind == "b":
        return 0.0, 1.0
    info = np.iinfo(dtype)
    return float(info.min), float(info.max)


def declare(net: Builder, value: Value, dtype: np.dtype, is_input: bool = False) -> None:
    """Records that a value holds integers if its type says so; an input holds those that float32 holds exactly."""
    if dtype.kind in "iub":
        low, high = range_of(dtype)
        known = is_input or dtype.kind == "b"
        net.bounds.declare_integers(value, (max(low, -EXACT), min(high, EXACT)) if known else ANY)


def converted(net: Builder, value: Value, source: np.dtype, target: np.dtype) -> Value:
    """A value of type `source` as a Cast to `target` converts it.

    Raises Refused for numbers that are not known to be within the target's range, except for floats that become int32
    or int64: they are taken to be within what float32 holds exactly, 2^24.
    """
    if target.kind == "O" or source.kind == "O":
        raise Refused("a Cast of text", "remove it from the network")
    if target.kind == "b":
        mask = value if source.kind == "b" else ne(net, value, 0.0)
        net.bounds.declare_integers(mask, range_of(target))
        return mask
    if target.kind == "f" or np.promote_types(source, target) == target:
        return value
    fraction = source.kind == "f" and not net.bounds.are_integers(value)
    low, high = (float(np.trunc(bound)) for bound in net.bounds.of(value))
    outside = outside_of((low, high), target)
    if outside and (not fraction or target.itemsize < 4):
        raise Refused(f"a Cast of {source} to {target}{outside}", "clip them first, or keep them in float")
    if not fraction:
        return value
    truncated: Value = net.add(Rounding("trunc"), value)
    net.bounds.declare_integers(truncated, (max(low, -EXACT), min(high, EXACT)))
    return truncated


def outside_of(bounds: Bounds, dtype: np.dtype) -> str:
    """What is wrong with numbers within `bounds` as this type, or ""."""
    low, high = range_of(dtype)
    if low <= bounds[0] and bounds[1] <= high:
        return ""
    return f": its numbers are not known to be within {low:.0f} and {high:.0f}"


def refuse_overflow(net: Builder, value: Value, dtype: np.dtype, op: str) -> None:
    """Raises Refused if integers of this type may wrap round where they were computed in float32."""
    if dtype.kind not in "iu" or dtype.itemsize == 8:
        return
    outside = outside_of(net.bounds.of(value), dtype)
    if outside and any(value in node.outputs and not node.layer.moves_data for node in net.graph.nodes[-8:]):
        raise Refused(f"{op} computes in {dtype}, Caffe in float32{outside}", "cast to float first")

"""The operator of the IR that a function registered with `from_ir` receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.layout import TURNED, channels_first, channels_last, graph_axis, ir_axis, ir_shape
from ...formats.mmdnn.node import IrNode
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape
from ...graph.ir_operator import MISSING, IrOperator
from ...layers.shape.permute import permute_to
from ...layers.shape.reshape import reshape_to

MOST_AXES = 16


class Operator(IrOperator):
    """An operator of a file, for a graph under construction; the methods are described in IrOperator."""

    def __init__(self, node: IrNode, net: Builder, source: str, consumers: Sequence[str] = ()) -> None:
        self.node = node
        self.net = net
        self.source = source
        self.name = node.name
        self.op = node.op
        self.consumers = consumers

    # ---- attributes ------------------------------------------------------------------------------------------------

    def __contains__(self, key: str) -> bool:
        return key in self.node.attrs

    def _get(self, key: str, default: Any) -> Any:
        found = self.node.attrs.get(key, default)
        if found is MISSING:
            raise Refused(f"{self.node.op} lacks its attribute {key!r}", "it is not in the file; set it")
        return found

    def fail(self, key: str, wanted: str) -> Refused:
        value = repr(self.node.attrs[key])
        return Refused(f"{self.node.op}: {key} must be {wanted}, not {value[:60]}")

    def integer(self, key: str, default: Any = MISSING) -> int:
        value = self._get(key, default)
        if value is not default and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.fail(key, "an integer")
        return value

    def number(self, key: str, default: Any = MISSING) -> float:
        value = self._get(key, default)
        if value is not default and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise self.fail(key, "a number")
        return float(value)

    def flag(self, key: str, default: Any = MISSING) -> bool:
        value = self._get(key, default)
        if value is not default and not isinstance(value, (bool, int)):
            raise self.fail(key, "true or false")
        return bool(value)

    def text(self, key: str, default: Any = MISSING) -> str:
        value = self._get(key, default)
        if value is not default and not isinstance(value, str):
            raise self.fail(key, "a string")
        return value

    def integers(self, key: str, default: Any = MISSING, count: int | None = None) -> list[int]:
        value = self._get(key, default)
        if value is default:
            return value
        value = [value] if isinstance(value, int) else value
        if not isinstance(value, (list, tuple)) or any(isinstance(v, bool) or not isinstance(v, int) for v in value):
            raise self.fail(key, "integers")
        if count is not None and len(value) != count:
            raise self.fail(key, f"{count} integers")
        return list(value)

    def numbers(self, key: str) -> float | list[float]:
        value = self._get(key, MISSING)
        items = value if isinstance(value, list) else [value]
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in items):
            raise self.fail(key, "numbers")
        return value

    def output_shape(self, index: int = 0) -> Shape | None:
        shapes = self.node.attrs.get("_output_shapes")
        if not isinstance(shapes, list) or index >= len(shapes) or not isinstance(shapes[index], tuple):
            return None
        return shapes[index]

    def open_axis(self) -> int | None:
        shape = self.output_shape()
        return shape.index(-1) if shape is not None and shape.count(-1) == 1 else None

    # ---- weights ---------------------------------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        return key in self.node.weights

    def weight(self, *keys: str, rank: int | None = None) -> np.ndarray:
        found = next((self.node.weights[key] for key in keys if key in self.node.weights), None)
        if found is None:
            given = ", ".join(self.node.weights) or "none"
            raise Refused(
                f"{self.node.op} lacks its weights {keys[0]!r}; given: {given}", "give the .npy of this network"
            )
        array = np.asarray(found, np.float32)
        if rank == 1 and array.ndim != 1 and array.size == max(array.shape, default=1):
            array = array.reshape(-1)
        if rank is not None and array.ndim != rank:
            raise Refused(f"{self.node.op}: weights {keys[0]!r} of shape {list(array.shape)}, not of {rank} axes")
        return array

    def with_row(self, sizes: Sequence[str], weights: Sequence[str]) -> Operator:
        node = self.node
        attrs = {key: value for key, value in node.attrs.items() if key != "_output_shapes"}
        for key in sizes:
            if key in attrs:
                values = self.integers(key)
                attrs[key] = (
                    [1, *values]
                    if len(values) == 1 or key == "kernel_shape" and values[0] != 1
                    else [values[0], 1, *values[1:]]
                )
        pads = self.integers("pads", [0] * 6, 6)
        attrs["pads"] = [0, 0, *pads[1:3], 0, 0, *pads[4:]]
        arrays = {key: array[None] if key in weights else array for key, array in node.weights.items()}
        return Operator(IrNode(node.name, node.op, node.inputs, attrs, arrays), self.net, self.source, self.consumers)

    # ---- layout ----------------------------------------------------------------------------------------------------

    def shape(self, x: Operand) -> Shape:
        return ir_shape(x.shape)

    def axis(self, x: Operand, axis: int, more: int = 0) -> int:
        return graph_axis(self.ir_axis(x, axis, more), len(x.shape) + more)

    def ir_axis(self, x: Operand, axis: int, more: int = 0) -> int:
        rank = len(x.shape) + more
        if not -rank <= axis < rank:
            raise Refused(f"{self.node.op} along axis {axis} of a tensor of {rank} axes")
        return axis % rank

    def node_axis(self, x: Operand, axis: int) -> int:
        return ir_axis(axis, len(x.shape))

    def ordered(self, x: Operand) -> Any:
        return permute_to(self.net, x, channels_last(len(x.shape))) if len(x.shape) in TURNED else x

    def stored(self, x: Operand) -> Any:
        return permute_to(self.net, x, channels_first(len(x.shape))) if len(x.shape) in TURNED else x

    def reshaped(self, x: Operand, shape: Sequence[int], rest: int | None = None) -> Any:
        if len(shape) > MOST_AXES:
            raise Refused(f"{self.node.op} to {len(shape)} axes", f"use at most {MOST_AXES}")
        if not rest and len(x.shape) == len(shape) and self.shape(x) == tuple(shape):
            return x
        return self.stored(reshape_to(self.net, self.ordered(x), shape, rest=rest))

    def aligned(self, *tensors: Operand) -> list[Any]:
        rank = max(len(x.shape) for x in tensors)
        found = []
        for x in tensors:
            row = self.source == "caffe" and len(x.shape) == 2
            ones = (1,) * (rank - len(x.shape))
            found.append(self.reshaped(x, (x.shape[0], *ones, x.shape[1]) if row else ones + self.shape(x)))
        return found

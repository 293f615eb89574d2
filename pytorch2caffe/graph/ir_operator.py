"""What a function registered with `from_ir` receives: an operator of MMdnn's intermediate representation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..errors import Refused
from .graph import Operand, Shape

MISSING: Any = object()  # the default of an attribute that has none


class IrOperator(Protocol):
    """An operator: its attributes and weights, checked as they are read, and the conversion of layouts.

    Its inputs and what its function returns are in the Graph's layout, channels first; attributes, weights and shapes
    are in the IR's, channels last. Where an attribute or weights are absent or malformed, the methods raise Refused.

    name, op:  the operator's own name, and its type.
    source:    whose conventions the file follows: "tensorflow", or "caffe" (NCHW order within Reshape and Flatten,
               padding counted in averages).
    consumers: the names of the operators that read its outputs.
    """

    name: str
    op: str
    source: str
    consumers: Sequence[str]

    # ---- attributes: `default` where the file has none; without a default the attribute is required ----------------

    def __contains__(self, key: str) -> bool:
        """Whether the file gives this attribute."""
        ...

    def fail(self, key: str, wanted: str) -> Refused:
        """The error to raise for an attribute that is not `wanted`."""
        ...

    def integer(self, key: str, default: Any = MISSING) -> int: ...

    def number(self, key: str, default: Any = MISSING) -> float: ...

    def flag(self, key: str, default: Any = MISSING) -> bool: ...

    def text(self, key: str, default: Any = MISSING) -> str: ...

    def integers(self, key: str, default: Any = MISSING, count: int | None = None) -> list[int]:
        """A list of integers, of length `count` if given; a single integer is a list of one."""
        ...

    def numbers(self, key: str) -> float | list[float]:
        """A number, or a list of them."""
        ...

    def output_shape(self, index: int = 0) -> Shape | None:
        """The IR shape that the file gives for an output, -1 where unknown; only a hint, None if there is none."""
        ...

    def open_axis(self) -> int | None:
        """The axis that the batch is part of, if the file leaves its size open."""
        ...

    # ---- weights ---------------------------------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        """Whether the operator has weights under this key."""
        ...

    def weight(self, *keys: str, rank: int | None = None) -> np.ndarray:
        """The array under the first of `keys` that exists, float32, with `rank` axes: (1, 1, 1, C) is read as (C)."""
        ...

    def with_row(self, sizes: Sequence[str], weights: Sequence[str]) -> IrOperator:
        """The operator as if its one spatial axis were the second of two, the first of size 1.

        sizes: attributes with a number per axis, of the spatial axis alone or [1, size, 1].
        weights: keys of kernels [size, in, out].
        """
        ...

    # ---- layout ----------------------------------------------------------------------------------------------------

    def shape(self, x: Operand) -> Shape:
        """The shape of a tensor in the IR."""
        ...

    def axis(self, x: Operand, axis: int, more: int = 0) -> int:
        """The Graph's axis for an axis of the IR, negative ones counted from the last. more: axes the output adds."""
        ...

    def ir_axis(self, x: Operand, axis: int, more: int = 0) -> int:
        """An axis of the IR counted from 0. more: axes the output adds."""
        ...

    def node_axis(self, x: Operand, axis: int) -> int:
        """The IR's axis for an axis of the Graph."""
        ...

    def ordered(self, x: Operand) -> Any:
        """A tensor of the Graph with its axes in the IR's order."""
        ...

    def stored(self, x: Operand) -> Any:
        """A tensor whose axes are in the IR's order, with its axes in the Graph's order."""
        ...

    def reshaped(self, x: Operand, shape: Sequence[int], rest: int | None = None) -> Any:
        """A tensor in another shape of the IR, its numbers in the IR's order. rest: the axis with what is left."""
        ...

    def aligned(self, *tensors: Operand) -> list[Any]:
        """Tensors of one rank, ready to be broadcast: their last axes correspond, as in the IR.

        In files that follow Caffe a row per sample, [n, channels], corresponds to the samples too.
        """
        ...

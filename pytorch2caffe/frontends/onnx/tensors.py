"""The tensors of an ONNX graph under construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import Problem, Refused
from ...graph.graph import Shape, Value

if TYPE_CHECKING:
    from .quantized import Quantization

LARGEST = 1 << 27  # numbers in a constant that is computed
MOST_NUMBERS = 1 << 31  # of one tensor
FLOAT = np.dtype(np.float32)


@dataclass(eq=False)
class Tensor:
    """What an edge carries: a Value, or a constant, read from the file when it is needed.

    dtype:  its type in the file; every float type is float32.
    packed: whether it has integers of 4 bits or fewer, which are int8 or uint8 here.
    quantization: what its integers stand for, if the value is what they stand for, in float.
    """

    dtype: np.dtype
    value: Value | None = None
    load: Callable[[], np.ndarray] | None = None
    _array: np.ndarray | None = None
    packed: bool = False
    quantization: Quantization | None = None

    @property
    def constant(self) -> bool:
        return self.value is None

    @property
    def operand(self) -> Value | np.ndarray:
        """The Value, or the constant as an array, the same object each time: shared weights are recognised by it."""
        return self.array() if self.value is None else self.value

    @property
    def shape(self) -> Shape:
        return self.array().shape if self.value is None else self.value.shape

    def array(self) -> np.ndarray:
        """The constant. Raises Refused for what depends on the network's input."""
        if self._array is None:
            if self.load is None:
                raise Refused("an input that must be constant depends on the network's input", "make it a constant")
            self._array = self.load()
        return self._array


@dataclass(eq=False)
class Unknown:
    """A tensor that could not be read. Its problem is listed, or `late`, to be listed if anything reads it."""

    late: Problem | None = None


Item = Tensor | Unknown


def constant(array: np.ndarray) -> Tensor:
    """An array as a constant: floats of any size become float32."""
    array = np.asarray(array)
    if array.dtype.kind == "f" and array.dtype != FLOAT:
        array = array.astype(FLOAT)
    return Tensor(array.dtype, _array=array)


def bounded(shape: object) -> Shape:
    """The shape of a constant to be computed. Raises Refused if it is negative or too large."""
    sizes = [int(size) for size in np.ravel(np.asarray(shape, object))]
    count = 1
    for size in sizes:
        count *= size
    if min(sizes, default=0) < 0 or count > LARGEST:
        raise Refused(f"a constant of shape {sizes}", f"use at most {LARGEST:,} numbers")
    return tuple(sizes)


@dataclass(eq=False)
class Scope:
    """The tensors of a graph, a branch or a function, by name. A branch sees those of the graph around it.

    prefix:  of the names of its layers. omitted: the inputs of a function that its caller leaves out.
    """

    items: dict[str, Item] = field(default_factory=dict)
    outer: Scope | None = None
    prefix: str = ""
    omitted: set[str] = field(default_factory=set)

    def omits(self, name: str) -> bool:
        """Whether it is an input of a function that its caller leaves out."""
        return name in self.omitted or self.outer is not None and self.outer.omits(name)

    def find(self, name: str) -> Item | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.items:
                return scope.items[name]
            scope = scope.outer
        return None


class ProblemList(list[Problem]):
    """The problems of one file, in the order of its nodes."""

    def note(self, where: str, error: Refused) -> Unknown:
        """Adds a problem; returns what stands for the outputs that it concerns."""
        self.append(Problem(where, error.what, error.fix))
        return Unknown()

    def note_late(self, item: Item | None) -> None:
        """Adds the problem of a tensor that was none as long as nothing read it."""
        if isinstance(item, Unknown) and item.late is not None:
            self.append(item.late)
            item.late = None

"""TensorFlow's nodes as plain data, and the tensors of a graph under construction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...errors import Problem, Refused

Shape = tuple[int, ...]

# The size of an open batch: a large prime, so that sizes which depend on the batch are recognised as its multiples,
# while arithmetic on shapes stays plain arithmetic.
BATCH = 1_000_000_007
DEPENDS_ON_BATCH = BATCH // 4
MOST_NUMBERS = 1 << 31  # of one tensor, for a batch of one


@dataclass(eq=False)
class TfNode:
    """A NodeDef. `inputs` are (node, output) pairs without control inputs; a Const may hold its `array` itself."""

    name: str
    op: str
    inputs: list[tuple[str, int]]
    attr: Mapping[str, Any]
    array: np.ndarray | None = None

    def has(self, key: str) -> bool:
        return key in self.attr

    def integer(self, key: str, default: int = 0) -> int:
        return int(self.attr[key].i) if key in self.attr else default

    def integers(self, key: str) -> list[int]:
        return [int(i) for i in self.attr[key].list.i] if key in self.attr else []

    def number(self, key: str, default: float = 0.0) -> float:
        return float(self.attr[key].f) if key in self.attr else default

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self.attr[key].b) if key in self.attr else default

    def text(self, key: str, default: str = "") -> str:
        return self.attr[key].s.decode("utf-8", "replace") if key in self.attr else default

    def dtype(self, key: str) -> int:
        """A DataType of types.proto; 0 if it has none."""
        return int(self.attr[key].type) % 100 if key in self.attr else 0  # 100 more: TensorFlow 1's references


@dataclass(frozen=True, eq=False)
class Spread:
    """How SpaceToBatchND moved a tensor's blocks into the batch, for a dilated convolution.

    inner: the tensor before that. crops: what BatchToSpaceND removes, once the convolution is converted.
    row:   the inner tensor is one row of a tensor that has no rows in TensorFlow, [N, L, C] as [N, 1, L, C].
    flat:  at this node TensorFlow's tensor has no rows.
    """

    block: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    inner: Tensor
    crops: tuple[tuple[int, int], ...] | None = None
    row: bool = False
    flat: bool = False


@dataclass(frozen=True, eq=False)
class Tensor:
    """The tensor of an edge: data of the IR, or a constant, read when it is needed.

    shape: of TensorFlow's tensor, multiples of BATCH where it depends on the batch.
    kind:  "f", "i", "b" or "S", as numpy's dtype.kind.
    name:  the node that produces it. edge: how IR nodes name it, "" for constants.
    load:  returns the constant's array. random: it is computed from random numbers. resource: the variable of a handle.
    repeated: in TensorFlow it has a row for each sample of the batch; the constant here has one.
    elements: of a sequence of tensors (TensorArray, TensorList); None where nothing was written yet.
    """

    shape: Shape
    kind: str = "f"
    name: str = ""
    edge: str = ""
    load: Callable[[], np.ndarray] | None = None
    random: bool = False
    resource: str | None = None
    spread: Spread | None = None
    repeated: bool = False
    elements: tuple[Tensor | None, ...] | None = None

    @property
    def constant(self) -> bool:
        return self.load is not None

    def array(self) -> np.ndarray:
        """The constant. Raises Refused for what depends on the input or the batch."""
        if self.load is None:
            raise Refused("an operand that must be constant depends on the input", "make it a constant of the graph")
        return self.load()

    def integers(self) -> list[int]:
        """The constant as a flat list of integers."""
        array = self.array()
        if array.dtype.kind not in "iu":
            raise Refused("an operand that must hold integers does not")
        return [int(i) for i in array.reshape(-1)]

    def integer(self) -> int:
        (found,) = self.integers()
        return found

    def as_spread(self, spread: Spread) -> Tensor:
        return replace(self, spread=spread, shape=spread_shape(spread))


@dataclass(frozen=True, eq=False)
class Unknown:
    """A tensor that could not be converted: because of its own node, or of its causes."""

    problem: Problem | None = None
    causes: tuple[Unknown, ...] = ()


@dataclass(frozen=True, eq=False)
class Dead:
    """A tensor of a branch that is not taken."""


Item = Tensor | Unknown | Dead
PART_OF_LOOP = "it is part of a loop"


@dataclass(eq=False)
class Body:
    """The nodes of a graph, of a function or of a step of a loop. `prefix` is put before the names of their IR nodes.

    left: the variables of loops after their last step, by their Merge.
    """

    nodes: dict[str, TfNode]
    prefix: str = ""
    items: dict[str, list[Item]] = field(default_factory=dict)
    consumers: dict[str, list[TfNode]] = field(default_factory=dict)
    left: dict[str, Item] = field(default_factory=dict)

    def source(self, node: TfNode, index: int) -> TfNode | None:
        """The node that produces an input of a node, before nodes that only pass it on; None outside this body."""
        for _ in range(50):
            if index >= len(node.inputs) or node.inputs[index][0] not in self.nodes:
                return None
            node, index = self.nodes[node.inputs[index][0]], 0
            if node.op not in PASS_ON:
                return node
        return None

    def output(self, name: str, index: int) -> Item:
        """An output of a node that was read; Unknown, with the reason, where there is none."""
        items = self.items.get(name)
        if items is None:
            why = PART_OF_LOOP if name in self.nodes else "it is read, but it is not in the graph"
            return Unknown(Problem(f"node {self.prefix + name!r}", why))
        if len(items) == 1 and not isinstance(items[0], Tensor):
            return items[0]
        if index >= len(items):
            what = f"output {index} is read; at inference it has {len(items)}"
            return Unknown(Problem(f"node {self.prefix + name!r}", what, "export the network for inference"))
        return items[index]

    def masked(self, node: TfNode, others: list[int]) -> bool:
        """Whether the inputs of a node other than `others` are masks."""
        makers = [self.source(node, index) for index in range(len(node.inputs)) if index not in others]
        return all(maker is not None and maker.op in MASKS for maker in makers)


MASKS = {"Floor", "Cast", "GreaterEqual", "Greater", "Less", "LessEqual"}  # that dropout applies to random numbers
PASS_ON = {"Identity", "StopGradient", "PreventGradient", "CheckNumerics", "Snapshot", "ReadVariableOp", "EnsureShape"}


def constant(array: np.ndarray, name: str = "") -> Tensor:
    """An array as a constant; integers get 64 bits, floats at most 32."""
    array = np.asarray(array)
    if array.dtype.kind in "iu":
        array = array.astype(np.int64, copy=False)
    kind = {"u": "i", "O": "S"}.get(array.dtype.kind, array.dtype.kind)
    return Tensor(array.shape, kind, name, load=lambda: array)


def constant_of(x: Tensor) -> Tensor:
    """The tensor itself. Raises Refused if it is not constant."""
    if not x.constant:
        x.array()
    return x


class Weights(dict[str, np.ndarray]):
    """The weights of a node. Those that are Tensors are read from the file on each access."""

    def __init__(self, given: Mapping[str, Tensor | np.ndarray]) -> None:
        super().__init__(given)  # type: ignore[arg-type]

    def __getitem__(self, key: str) -> np.ndarray:
        found: Any = super().__getitem__(key)
        return np.asarray(found.array() if isinstance(found, Tensor) else found, np.float32)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is get

    def items(self) -> Any:
        return ((key, self[key]) for key in self)

    def values(self) -> Any:
        return (self[key] for key in self)


def spread_shape(spread: Spread) -> Shape:
    """The shape of a tensor whose blocks are in the batch."""
    batch, *sizes = spread.inner.shape
    cut = spread.crops or ((0, 0),) * len(spread.block)
    pads = spread.pads if spread.crops is None else ((0, 0),) * len(spread.block)
    for index, (block, pad, crop) in enumerate(zip(spread.block, pads, cut, strict=True)):
        total = sizes[index] + sum(pad) + sum(crop)
        if block < 1 or total % block:
            raise Refused(f"a size of {total} does not divide into blocks of {block}")
        sizes[index] = total // block
        batch *= block
    return (batch, *sizes[spread.flat :])


def ir_dims(shape: Shape) -> Shape:
    """A shape as the IR writes it: -1 where it depends on the batch. Raises Refused for impossible sizes."""
    size = 1
    found = []
    for dim in shape:
        whole, rest = divmod(dim, BATCH)
        if dim < 0 or rest and dim >= DEPENDS_ON_BATCH or whole and rest:
            raise Refused(
                "a size that is not a multiple of the batch's", "fix the batch size: give --inputShape with it"
            )
        size *= whole or dim
        found.append(-1 if whole else dim)
    if size > MOST_NUMBERS:
        raise Refused(f"a tensor of shape {found}", f"use at most {MOST_NUMBERS:,} numbers")
    return tuple(found)

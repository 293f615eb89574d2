"""Where the numbers of a tensor are in memory, and which of several tensors wrote each of them last."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...graph.graph import Shape


class Region(ABC):
    """Positions in memory, in the order of the axes `sizes`. In numbers, not bytes."""

    sizes: Shape

    @property
    @abstractmethod
    def span(self) -> tuple[int, int]:
        """The first position, and the one after the last."""

    @property
    @abstractmethod
    def has_gaps(self) -> bool:
        """Whether it may miss positions between its first and its last."""

    @abstractmethod
    def same_memory(self, other: Region) -> bool:
        """Whether both are surely the same positions in the same order; axes of size 1 do not count."""

    @abstractmethod
    def is_in_blocks(self, block: int, origin: int) -> bool:
        """Whether its numbers are in blocks of this size, which begin at multiples of it counted from `origin`."""

    @abstractmethod
    def blocks(self, block: int, origin: int) -> np.ndarray:
        """The positions of the blocks, in the order of the axes, in blocks counted from `origin`."""

    def within(self, other: Region) -> bool:
        """Whether every position is surely one of the other's: the other's have no gaps."""
        (begin, end), (start, stop) = self.span, other.span
        return start <= begin and end <= stop and not other.has_gaps

    def apart(self, other: Region) -> bool:
        """Whether the two have surely no position in common."""
        (begin, end), (start, stop) = self.span, other.span
        return end <= start or stop <= begin


@dataclass(frozen=True)
class Strided(Region):
    """The positions in memory of a tensor: number [i, j, ...] is at offset + i * strides[0] + j * strides[1] + ...

    Strides are not negative, as in PyTorch.
    """

    offset: int
    sizes: Shape
    strides: Shape

    @property
    def span(self) -> tuple[int, int]:
        return self.offset, self.offset + 1 + sum((n - 1) * s for n, s in zip(self.sizes, self.strides, strict=True))

    def same_memory(self, other: Region) -> bool:
        return isinstance(other, Strided) and self.offset == other.offset and _long_axes(self) == _long_axes(other)

    @property
    def may_overlap_itself(self) -> bool:
        """Whether two of its numbers may have one position, as in an expanded tensor."""
        end = 1  # of the axes with smaller strides
        for stride, size in sorted(zip(self.strides, self.sizes, strict=True)):
            if size > 1 and stride < end:
                return True
            end += (size - 1) * stride
        return False

    @property
    def has_gaps(self) -> bool:
        begin, end = self.span
        return prod(self.sizes) != end - begin or 0 in self.strides

    def is_in_blocks(self, block: int, origin: int) -> bool:
        trailing, strides = self.trailing_block()
        return all(number % block == 0 for number in (trailing, self.offset - origin, *strides))

    def blocks(self, block: int, origin: int) -> np.ndarray:
        rank = len(self.sizes)
        trailing, _ = self.trailing_block()
        while rank and prod(self.sizes[rank - 1 :]) <= trailing:
            rank -= 1
        sizes = (*self.sizes[:rank], trailing // block)
        strides = [*(stride // block for stride in self.strides[:rank]), 1]
        return grid((self.offset - origin) // block, sizes, strides)

    def trailing_block(self) -> tuple[int, Shape]:
        """How many numbers of the last axes are contiguous, in order; and the strides of the axes before these."""
        block, axis = 1, len(self.sizes)
        while axis and (self.sizes[axis - 1] == 1 or self.strides[axis - 1] == block):
            axis -= 1
            block *= self.sizes[axis]
        return block, tuple(s for n, s in zip(self.sizes[:axis], self.strides[:axis], strict=True) if n > 1)


@dataclass(frozen=True, eq=False)
class Scattered(Region):
    """Positions in memory in no regular order, each once: an array of the shape of what is there."""

    positions: np.ndarray

    @property
    def sizes(self) -> Shape:  # type: ignore[override]
        return self.positions.shape

    @property
    def span(self) -> tuple[int, int]:
        return int(self.positions.min()), int(self.positions.max()) + 1

    @property
    def has_gaps(self) -> bool:
        begin, end = self.span
        return self.positions.size != end - begin

    def same_memory(self, other: Region) -> bool:
        return isinstance(other, Scattered) and np.array_equal(self.positions, other.positions)

    def is_in_blocks(self, block: int, origin: int) -> bool:
        return self.trailing() % block == 0 and not np.any((self.positions.ravel()[::block] - origin) % block)

    def blocks(self, block: int, origin: int) -> np.ndarray:
        found: np.ndarray = (self.positions.ravel()[::block] - origin) // block
        return found

    def trailing(self) -> int:
        """How many numbers of the last axes are contiguous, in order."""
        block = 1
        for axis in range(self.positions.ndim - 1, -1, -1):
            if np.any(np.diff(self.positions, axis=axis) != block):
                break
            block *= self.positions.shape[axis]
        return block

    def indices_in(self, where: Strided) -> np.ndarray:
        """For each position, in order, the index of the number of `where` that is there."""
        begin, end = where.span
        index = np.zeros(end - begin, np.int64)
        index[grid(where.offset - begin, where.sizes, where.strides).ravel()] = np.arange(prod(where.sizes))
        found: np.ndarray = index[self.positions.ravel() - begin]
        return found


def _long_axes(tensor: Strided) -> list[tuple[int, int]]:
    return [(n, s) for n, s in zip(tensor.sizes, tensor.strides, strict=True) if n > 1]


@dataclass(frozen=True)
class Origins:
    """For each number of a tensor, the source that it is found in, and its position there.

    The numbers of the last axes of the tensor are joined to blocks of `block` that have one origin.
    source:   an index into the sources, -1 where none has the number; of the shape of the axes that are not joined.
    position: the index of the block in the source, in the order of its axes.
    """

    source: np.ndarray
    position: np.ndarray
    block: int

    def sources(self) -> list[int]:
        """The sources that numbers originate from, -1 among them if some have none."""
        return [int(each) for each in np.unique(self.source)]

    def numbers(self, source: int, content: np.ndarray) -> np.ndarray:
        """Those numbers of the content of a source that are in the tensor, in one axis."""
        starts = self.position[self.source == source] * self.block
        return np.ravel(content)[(starts[:, None] + np.arange(self.block)).ravel()]


def origins(tensor: Strided, sources: Sequence[Region]) -> Origins:
    """Where each number of `tensor` is found: in the last of the sources that has its position.

    >>> origins(Strided(0, (4,), (1,)), [Strided(0, (4,), (1,)), Strided(2, (2,), (1,))]).source.tolist()
    [0, 0, 1, 1]
    """
    block, joined = _common_block(tensor, sources)
    begin, end = tensor.span
    source = np.full((end - 1 - begin) // block + 1, -1, np.int32)
    position = np.zeros(len(source), np.int64)
    for number, each in enumerate(sources):
        where = each.blocks(block, begin).ravel()
        inside = np.flatnonzero((where >= 0) & (where < len(source)))
        source[where[inside]] = number
        position[where[inside]] = inside
    rank = len(tensor.sizes) - joined
    own = grid(0, tensor.sizes[:rank], [stride // block for stride in tensor.strides[:rank]])
    return Origins(source[own], position[own], block)


def contiguous(shape: Shape) -> Strided:
    """A tensor of this shape in memory of its own."""
    return Strided(0, tuple(shape), tuple(prod(shape[axis + 1 :]) for axis in range(len(shape))))


def disturbs(written: Strided, read: Strided, *, copied: bool) -> bool:
    """Whether what a call writes into one tensor changes what it still has to read of another, in some order.

    A call computes each number from that of the same index, after broadcasting. copied: it writes what it reads.
    """
    if read.apart(written) or read.same_memory(written):
        return False
    missing = len(written.sizes) - len(read.sizes)
    pairs = zip(read.sizes, written.sizes[missing:], strict=False)
    if missing < 0 or any(size not in (1, wanted) for size, wanted in pairs):
        return origins(read, [written]).sources() != [-1]
    strides = [0] * missing + [s if n > 1 else 0 for n, s in zip(read.sizes, read.strides, strict=True)]
    sources = grid(read.offset, written.sizes, strides)
    targets = grid(written.offset, written.sizes, written.strides)
    if copied:
        return bool(np.isin(sources, targets[targets != sources]).any())
    return bool((np.isin(sources, targets) & (targets != sources)).any())


def _common_block(tensor: Strided, sources: Sequence[Region]) -> tuple[int, int]:
    """The largest block of last axes of `tensor` that is in one piece in each of the sources; how many axes it has."""
    for joined in range(len(tensor.sizes), 0, -1):
        block = prod(tensor.sizes[len(tensor.sizes) - joined :])
        if all(each.is_in_blocks(block, tensor.offset) for each in (tensor, *sources)):
            return block, joined
    return 1, 0


def grid(offset: int, sizes: Sequence[int], strides: Sequence[int]) -> np.ndarray:
    """offset + i * strides[0] + j * strides[1] + ..., an array of shape `sizes`."""
    grid = np.full((), offset, np.int64)
    for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True)):
        steps = np.arange(size, dtype=np.int64) * stride
        grid = grid + steps.reshape((size,) + (1,) * (len(sizes) - axis - 1))
    return np.asarray(grid)

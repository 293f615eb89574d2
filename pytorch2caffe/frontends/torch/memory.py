"""What is in the memory that traced tensors share: views, slices and detached tensors see each other's writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes

from ...graph.builder import Builder
from ...graph.graph import Operand, Value
from ...layers.indexing.assemble import assemble
from ...layers.indexing.overlay import Content, Filled
from ...layers.indexing.strided import Origins, Region, Scattered, Strided, disturbs, origins
from .taint import RANDOM, UNWRITTEN, Taint, Watcher


@dataclass(eq=False)
class Write:
    """What a part of memory contains since a call.

    number:  counts the writes of a trace.
    content: of shape where.sizes; None if the write was not traced.
    colours: of a constant: RANDOM, UNWRITTEN; those the model owns are `weights`.
    scope, module, line: of the call.
    """

    number: int
    where: Region
    dtype: torch.dtype
    content: Content | None
    scope: str = ""
    module: str = ""
    line: str = ""
    colours: int = 0
    weights: bool = False

    @property
    def is_gap(self) -> bool:
        """Whether nothing was written: memory of torch.empty."""
        return self.content is None and bool(self.colours & UNWRITTEN)

    def carrier(self) -> tuple[Value, Strided] | None:
        """The value that a number written here can take its shape from, and where that is."""
        if isinstance(self.content, Value) and isinstance(self.where, Strided):
            return self.content, self.where
        if isinstance(self.content, Filled) and self.content.under is not None and self.content.where is not None:
            return self.content.under, self.content.where
        return None


@dataclass(eq=False)
class Contents:
    """What a tensor contains. value: None if a part of it was written by a call that was not traced.

    constants: the numbers of it that do not depend on the input, each with its Write.
    has_gaps:  whether a part of it is memory of torch.empty that nothing wrote.
    """

    value: Value | None
    constants: list[tuple[Write, np.ndarray]] = field(default_factory=list)
    has_gaps: bool = False


class Memory(Watcher):
    """For each storage, what was written into which part of it, in order.

    A value is bound to the tensor that a call returns. What other tensors of the same memory contain follows from their
    offsets and strides, and is put together when they are read.
    """

    def __init__(self, taint: Taint, net: Builder) -> None:
        self._taint = taint
        self._net = net
        self._writes: dict[int, list[Write]] = {}
        self._pending: list[tuple[int, Strided, Write]] = []  # of the current call, whose values are not yet bound
        self._indexed: int | None = None  # the memory that the current call writes into at indices
        self._count = 0

    # -- what Taint reports

    def before_write(self, tensor: torch.Tensor) -> None:
        """Keeps what constant memory contains before the first number that depends on the input."""
        key = self._taint.key(tensor)
        if key < 0:
            return
        unwritten = self._taint.colours(tensor) & UNWRITTEN
        with _disable_current_modes():
            count = tensor.untyped_storage().nbytes() // tensor.itemsize
            where = Strided(0, (count,), (1,))
            kept = None if unwritten else _array(tensor.as_strided((count,), (1,), 0))
        write = self._new(where, tensor.dtype, kept)
        write.colours = self._taint.colours(tensor) & (RANDOM | UNWRITTEN)
        write.weights = self._taint.owns(tensor)
        self._writes[key] = [write]

    def after_write(self, tensor: torch.Tensor) -> None:
        """Notes that the contents changed; `bind` tells the value."""
        key = self._taint.key(tensor)
        if key in self._writes and tensor.numel() and key != self._indexed:
            where = strided(tensor)
            write = self._new(where, tensor.dtype, None)
            self._append(key, write)
            self._pending.append((key, where, write))

    def lost(self, key: int) -> None:
        """Notes that the contents are not known."""
        for write in self._writes.get(key, ())[:1]:
            self._append(key, self._new(write.where, write.dtype, None))

    # -- calls

    def begin(self) -> None:
        """A call begins: what follows is written by it."""
        self._pending.clear()

    def written_elsewhere(self, arguments: list[torch.Tensor], results: list[torch.Tensor]) -> bool:
        """Whether the call wrote into memory of its arguments that is no part of its results."""
        own = {self._taint.key(tensor) for tensor in arguments}
        parts = [(self._taint.key(tensor), strided(tensor)) for tensor in results]
        return any(
            key in own and not any(key == other and _covers(part, where) for other, part in parts)
            for key, where, _ in self._pending
        )

    def written_twice(self) -> bool:
        """Whether the call wrote into a tensor of which several numbers may be in one place, an expanded one."""
        return any(where.may_overlap_itself for _, where, _ in self._pending)

    def disturbs(self, arguments: list[torch.Tensor], *, copied: bool) -> bool:
        """Whether the call wrote where it had still to read, so that the result depends on an order."""
        return any(
            key == self._taint.key(tensor) and tensor.numel() and disturbs(where, strided(tensor), copied=copied)
            for key, where, _ in self._pending
            for tensor in arguments
        )

    def bind(self, tensor: torch.Tensor, value: Operand) -> Write | None:
        """Tells what the call wrote into `tensor`, or created. Returns it, for `read`."""
        key = self._taint.key(tensor)
        if key < 0 or not tensor.numel():
            return None
        where, writes = strided(tensor), self._writes.setdefault(key, [])
        replaced = {write for own, part, write in self._pending if own == key and _covers(where, part)}
        if replaced or all(write.content is None for write in writes):
            for write in replaced:  # the last ones; one that the same call wrote over is gone already
                at = next((at for at in reversed(range(len(writes))) if writes[at] is write), None)
                if at is not None:
                    del writes[at]
            self._pending = [pending for pending in self._pending if pending[-1] not in replaced]
            self._append(key, self._new(where, tensor.dtype, self._content(writes, where, value)))
            return writes[-1]
        return self.seen(tensor, value)

    @contextmanager
    def writing_at(self, tensor: torch.Tensor, positions: np.ndarray, value: Operand) -> Iterator[None]:
        """The scope of a call that writes `value`, of the shape of `positions`, there into the memory of `tensor`."""
        self._pending.clear()
        self._indexed = key = self._taint.key(tensor)
        try:
            yield
        finally:
            self._indexed = None
        if positions.size and key in self._writes:
            where = Scattered(positions)
            content = self._content(self._writes[key], where, value)
            self._append(key, self._new(where, tensor.dtype, content))

    def has_gaps(self, tensor: torch.Tensor) -> bool:
        """Whether a part of a traced tensor is memory of torch.empty that nothing wrote."""
        return self.holds(tensor) and any(write.is_gap for write in self._used(tensor, None)[1])

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether something is known of the memory of `tensor`."""
        return tensor.numel() > 0 and self._taint.key(tensor) in self._writes

    def read(self, tensor: torch.Tensor, known: Write | None) -> Contents:
        """What `tensor` contains. known: what it contained when a value was last bound to it."""
        where = strided(tensor)
        found, used = self._used(tensor, known)
        sources = found.sources()
        constants = [
            (write, found.numbers(source, write.content))
            for source, write in zip((s for s in sources if s >= 0), used, strict=True)
            if isinstance(write.content, np.ndarray)
        ]
        if -1 in sources or any(write.content is None or write.dtype != tensor.dtype for write in used):
            return Contents(None, has_gaps=any(write.is_gap for write in used))
        if len(used) == 1 and used[0].where == where and isinstance(used[0].content, Value):
            return Contents(used[0].content)
        return Contents(self._assembled(where, used), constants)

    def seen(self, tensor: torch.Tensor, value: Operand) -> Write:
        """What `tensor` contains now, for `read`: a write after it is all that can change it."""
        return Write(self._count, strided(tensor), tensor.dtype, value)

    # -- writes

    def _new(self, where: Region, dtype: torch.dtype, content: Content | None) -> Write:
        self._count += 1
        net = self._net
        return Write(self._count, where, dtype, content, net.scope, net.module, net.line)

    @staticmethod
    def _content(writes: list[Write], where: Region, value: Operand) -> Content:
        """What is written: an array of one number as such, with the value that it overwrites."""
        if isinstance(value, Value) or np.any(value != np.ravel(value)[0]):
            return value
        number = float(np.ravel(value)[0])
        carriers = (write.carrier() for write in reversed(writes))
        found = next((c for c in carriers if c is not None and _surely_covers(c[1], where)), None)
        return Filled(number, *found) if found is not None else Filled(number)

    def _append(self, key: int, write: Write) -> None:
        """Appends a write, and forgets those before it that it covers."""
        writes = self._writes[key]
        if writes and writes[0].where.within(write.where):
            writes[:] = [each for each in writes if not each.where.within(write.where)]
        while writes and _surely_covers(write.where, writes[-1].where):
            writes.pop()
        writes.append(write)

    def _relevant(self, key: int, where: Strided, known: Write | None) -> list[Write]:
        """The writes that may be found in a tensor, oldest first."""
        found: list[Write] = []
        for write in reversed(self._writes[key]):
            if known is not None and write.number <= known.number:
                break
            if write.where.apart(where):
                continue
            found.append(write)
            if _surely_covers(write.where, where):
                return found[::-1]
        return [*([known] if known is not None else []), *found[::-1]]

    def _used(self, tensor: torch.Tensor, known: Write | None) -> tuple[Origins, list[Write]]:
        """Where each number of `tensor` is found, and the writes that they are found in."""
        where = strided(tensor)
        writes = self._relevant(self._taint.key(tensor), where, known)
        found = origins(where, [write.where for write in writes])
        return found, [writes[source] for source in found.sources() if source >= 0]

    def _assembled(self, where: Strided, used: list[Write]) -> Value:
        """The value put together, named after the last write into it."""
        net, last = self._net, max(used, key=lambda write: write.number)
        outer = net.scope, net.module, net.line
        net.scope, net.module, net.line = last.scope, last.module, last.line
        try:
            contents = [write.content for write in used if write.content is not None]
            return assemble(net, where, [write.where for write in used], contents)
        finally:
            net.scope, net.module, net.line = outer


def strided(tensor: torch.Tensor) -> Strided:
    """Where the numbers of a tensor are in its storage."""
    return Strided(int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride()))


def _surely_covers(one: Region, other: Region) -> bool:
    return one.same_memory(other) or other.within(one)


def _covers(one: Strided, other: Strided) -> bool:
    found: Origins | None = None if _surely_covers(one, other) else origins(other, [one])
    return found is None or -1 not in found.sources()


def _array(tensor: torch.Tensor) -> np.ndarray:
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.detach().resolve_neg().to("cpu", dtype, copy=True).contiguous().numpy()

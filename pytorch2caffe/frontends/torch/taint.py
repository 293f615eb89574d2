"""Which memory depends on the input, which is random, and how often each was written to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakIdKeyDictionary

from ...errors import Problem, UnsupportedError
from .metadata import CREATED, EMPTY, OVERWRITTEN, without_unread
from .structure import tensors_in

INPUT, RANDOM, UNWRITTEN = 1, 2, 4

Stamp = tuple[int, int]


class Watcher:
    """What Taint reports writes to; this one ignores them."""

    def before_write(self, tensor: torch.Tensor) -> None:
        """Such a number is about to be written into the memory of `tensor`, which had none."""

    def after_write(self, tensor: torch.Tensor) -> None:
        """The tensor, whose memory depends on the input, was written into."""

    def lost(self, key: int) -> None:
        """Memory that is linked to other memory, which was written into."""


class WriteLocation(NamedTuple):
    """Where memory was written to. where: module and line. traced: whether the tracer was handling a function."""

    where: str
    traced: bool


class Taint(TorchDispatchMode):
    """Sees every operation that is executed, and marks each storage with colours.

    INPUT: depends on the network's input. RANDOM: random numbers. UNWRITTEN: allocated, and not written to by any
    operation that was seen; values in it were written by an extension.

    location:    returns the WriteLocation of the current call.
    on_decision: called when a number of input-dependent memory is read.
    watcher:     is told of writes.
    """

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: what marks __torch_dispatch__ for the compiler imports it at the first call, which takes seconds."""
        return False

    def __init__(self) -> None:
        super().__init__()
        self.location: Callable[[], WriteLocation] = lambda: WriteLocation("", False)
        self.on_decision: Callable[[], None] = lambda: None
        self.watcher = Watcher()
        self._storages: dict[int, StorageWeakRef] = {}
        self._opaque = WeakIdKeyDictionary()  # tensors without a storage: sparse ones, those of torch.func
        self._writes: dict[int, int] = {}
        self._colours: dict[int, int] = {}
        self._linked: dict[int, set[int]] = {}
        self._uncounted: set[int] = set()  # memory of tensors whose size depends on the input
        self._last_writes: dict[int, WriteLocation] = {}
        self._origins: dict[int, str] = {}  # where unwritten memory was allocated, and random numbers were drawn
        self._unsaved: dict[int, list[torch.Tensor]] = {}
        self._model_storages: set[int] = set()
        self._saved: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.random_calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if isinstance(func, torch._ops.HigherOrderOperator):  # its branches are functions that PyTorch compiles
            what = f"torch.{func.name()} contains parts of the model that only PyTorch's compiler can run"
            raise UnsupportedError([Problem(self.location().where, what, "use Python's own if and for")], "traced")
        with torch._C.DisableTorchFunction():  # what follows is not a call of the model
            return self._follow(func, args, kwargs or {})

    def _follow(self, func: Any, args: Any, kwargs: Any) -> Any:
        facts = _facts_of(func)
        written = _written_tensors(facts, args, kwargs)
        colour = 0
        if not facts.creates:
            for tensor in tensors_in(without_unread(facts.name, args, kwargs)):
                own = self.colours(tensor)
                colour |= own & ~UNWRITTEN if own and any(tensor is t for t in written) else own
        for tensor in written:
            if colour & INPUT and not self.has(tensor) and not (facts.overwrites and _fills_its_memory(tensor)):
                self.watcher.before_write(tensor)
            self._save(tensor)
        result = func(*args, **kwargs)
        if facts.random:
            self.random_calls += 1
        if facts.decides and colour & INPUT:
            self.on_decision()
        for tensor in written:
            key = self.key(tensor)
            for other in self._linked.get(key, (key,)):
                self._writes[other] = self._writes.get(other, 0) + 1
                if other != key:
                    self.watcher.lost(other)
            replaced = facts.overwrites and key not in self._linked and _fills_its_memory(tensor)
            self._colours[key] = 0 if replaced else self._colours.get(key, 0) & ~UNWRITTEN
        colour |= facts.colour
        if colour:
            origin = self._origin_of_result(facts, args, kwargs) if colour & (RANDOM | UNWRITTEN) else ""
            for tensor in (*tensors_in(result), *written):
                self._paint(tensor, colour, origin)
        for tensor in written:
            if not facts.changes_view and self.has(tensor):
                self.watcher.after_write(tensor)
        return result

    def _origin_of_result(self, facts: _OperatorFacts, args: Any, kwargs: Any) -> str:
        if facts.colour:
            return self.location().where
        return next((origin for tensor in tensors_in((args, kwargs)) if (origin := self.origin(tensor))), "")

    def _paint(self, tensor: torch.Tensor, colour: int, origin: str) -> None:
        key = self.key(tensor)
        self._colours[key] = self._colours.get(key, 0) | colour
        if origin:
            self._origins.setdefault(key, origin)
        if colour & INPUT:
            self._last_writes[key] = self.location()

    def key(self, tensor: torch.Tensor) -> int:
        """The memory of `tensor`: one number for all tensors that share it."""
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):
            return self._opaque.setdefault(tensor, -1 - len(self._opaque) - len(self._colours))
        key = storage._cdata
        if key not in self._storages:  # the weak reference prevents the address from being reused
            self._storages[key] = StorageWeakRef(storage)
        return key

    def stamp(self, tensor: torch.Tensor) -> Stamp:
        """The storage of `tensor` and how often it was written to: equal stamps mean equal contents."""
        key = self.key(tensor)
        return key, self._writes.get(key, 0)

    def colours(self, tensor: torch.Tensor) -> int:
        """The colours of the memory of `tensor`; none if it has no elements for every input."""
        key = self.key(tensor)
        return self._colours.get(key, 0) if tensor.numel() or key in self._uncounted else 0

    def origin(self, tensor: torch.Tensor) -> str:
        """Where the random numbers in a tensor were drawn, or its unwritten memory was allocated; "" for others."""
        return self._origins.get(self.key(tensor), "")

    def link(self, one: torch.Tensor, other: torch.Tensor) -> None:
        """Counts a write into either tensor as one into both: they share memory in the model, but not in the trace."""
        keys = self.key(one), self.key(other)
        linked = self._linked.get(keys[0], {keys[0]}) | self._linked.get(keys[1], {keys[1]})
        self._linked.update(dict.fromkeys(linked, linked))

    def has(self, tensor: torch.Tensor) -> bool:
        """Whether the memory of `tensor` depends on the input."""
        return bool(self.colours(tensor) & INPUT)

    def becomes_constant(self, short: str, args: Any) -> bool:
        """Whether a call overwrites all that the memory of its first argument holds, and reads nothing of it."""
        written = args[0] if args else None
        if short not in OVERWRITTEN or not isinstance(written, torch.Tensor):
            return False
        return self.key(written) not in self._linked and _fills_its_memory(written)

    def last_write(self, tensor: torch.Tensor) -> WriteLocation:
        """Where the memory of `tensor` was last written to."""
        return self._last_writes.get(self.key(tensor), WriteLocation("", False))

    def add(self, tensor: torch.Tensor, *, counted: bool = True) -> None:
        """Declares that `tensor` depends on the input. counted: its size does not."""
        key = self.key(tensor)
        if not counted:
            self._uncounted.add(key)
        self._colours[key] = self._colours.get(key, 0) | INPUT

    # -- memory of the model, which is restored

    def own(self, tensors: Iterable[torch.Tensor]) -> None:
        """Registers memory of the model: `restore` restores its contents."""
        for tensor in tensors:
            self._unsaved.setdefault(self.key(tensor), []).append(tensor)
        self._model_storages.update(self._unsaved)

    def owns(self, tensor: torch.Tensor) -> bool:
        """Whether `tensor` is memory of the model that nothing wrote to."""
        key = self.key(tensor)
        return key in self._model_storages and key not in self._writes

    def _save(self, tensor: torch.Tensor) -> None:
        for own in self._unsaved.pop(self.key(tensor), ()):
            self._saved.append((own, own.clone()))

    def contents(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The tensors of the model that were written to so far, with copies of what they hold now."""
        return [(tensor, tensor.clone()) for tensor, _ in self._saved]

    def overwritten(self, since: Sequence[tuple[torch.Tensor, torch.Tensor]] = ()) -> list[torch.Tensor]:
        """The tensors of the model that hold other numbers than before, or than when `contents` gave `since`."""
        pairs = [*since, *self._saved[len(since) :]]
        return [tensor for tensor, before in pairs if not torch.equal(tensor, before)]

    def restore(self) -> None:
        """Undoes every write into the model's memory."""
        for tensor, contents in self._saved:
            tensor.copy_(contents)


class _OperatorFacts:
    """Properties of an operator that every call needs, computed once."""

    def __init__(self, func: Any) -> None:
        self.name = name = func._schema.name.partition("::")[2]
        arguments = enumerate(func._schema.arguments)
        self.writes = tuple((i, a.name) for i, a in arguments if a.alias_info is not None and a.alias_info.is_write)
        self.creates = name in CREATED
        self.overwrites = name in OVERWRITTEN
        self.random = torch.Tag.nondeterministic_seeded in func.tags and "attention" not in name
        self.changes_view = torch.Tag.inplace_view in func.tags  # unsqueeze_: it writes no number
        self.decides = torch.Tag.data_dependent_output in func.tags
        self.colour = (RANDOM if self.random else 0) | (UNWRITTEN if name in EMPTY else 0)


_facts_of = cache(_OperatorFacts)


def _fills_its_memory(tensor: torch.Tensor) -> bool:
    try:
        size = tensor.untyped_storage().nbytes()
    except (NotImplementedError, RuntimeError):
        return False
    return tensor.is_contiguous() and tensor.numel() * tensor.itemsize == size


def _written_tensors(facts: _OperatorFacts, args: Any, kwargs: Any) -> list[torch.Tensor]:
    written: list[torch.Tensor] = []
    for position, name in facts.writes:
        written += tensors_in(args[position] if position < len(args) else kwargs.get(name))
    return written

"""Which memory depends on the input, which is random, and how often each was written to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakIdKeyDictionary

from ...errors import Problem, UnsupportedError
from .structure import tensors_in

INPUT, RANDOM, UNWRITTEN = 1, 2, 4

# What they return depends on the shape of their argument only.
SHAPE_ONLY = {
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "rand_like",
    "randn_like",
    "randint_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "new_empty_strided",
}
EMPTY = {"empty", "empty_strided", "empty_like", "empty_permuted", "new_empty", "new_empty_strided"}

Stamp = tuple[int, int]


class Origin(NamedTuple):
    """where: the module and line. traced: whether a function that the tracer saw was running."""

    where: str
    traced: bool


class Taint(TorchDispatchMode):
    """Sees every operation that runs and follows, storage by storage, what colours its memory.

    INPUT: depends on the network's input. RANDOM: drawn at random. UNWRITTEN: allocated, and never written to by any
    operation that was seen; if it holds something, an extension put it there.
    """

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()
        self.place: Callable[[], Origin] = lambda: Origin("", False)
        self.decided: Callable[[], None] = lambda: None
        self._storages: dict[int, StorageWeakRef] = {}
        self._opaque = WeakIdKeyDictionary()  # tensors without a storage: sparse ones, those of torch.func
        self._writes: dict[int, int] = {}
        self._colours: dict[int, int] = {}
        self._linked: dict[int, set[int]] = {}
        self._origins: dict[int, Origin] = {}
        self._owned: dict[int, list[torch.Tensor]] = {}
        self._belongings: set[int] = set()
        self._saved: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.random_calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if isinstance(func, torch._ops.HigherOrderOperator):  # its branches are functions that PyTorch would compile
            what = f"torch.{func.name()} holds parts of the model that only a compiler of PyTorch's can run"
            raise UnsupportedError([Problem(self.place().where, what, "use Python's own if and for")], "traced")
        with torch._C.DisableTorchFunction():  # what follows is no call of the model
            return self._follow(func, args, kwargs or {})

    def _follow(self, func: Any, args: Any, kwargs: Any) -> Any:
        about = _about(func)
        written = _written(about, args, kwargs)
        for tensor in written:
            self._save(tensor)
        colour = 0
        if not about.shape_only:
            for tensor in tensors_in((args, kwargs)):
                own = self.colours(tensor)
                colour |= own & ~UNWRITTEN if own and any(tensor is t for t in written) else own
        result = func(*args, **kwargs)
        if about.random:
            self.random_calls += 1
        if about.decides and colour & INPUT:
            self.decided()
        for tensor in written:
            key = self._key(tensor)
            for other in self._linked.get(key, (key,)):
                self._writes[other] = self._writes.get(other, 0) + 1
            self._colours[key] = self._colours.get(key, 0) & ~UNWRITTEN
        colour |= about.colour
        if colour:
            for tensor in (*tensors_in(result), *written):
                self._paint(tensor, colour)
        return result

    def _paint(self, tensor: torch.Tensor, colour: int) -> None:
        key = self._key(tensor)
        self._colours[key] = self._colours.get(key, 0) | colour
        if colour & INPUT:
            self._origins[key] = self.place()

    def _key(self, tensor: torch.Tensor) -> int:
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):
            return self._opaque.setdefault(tensor, -1 - len(self._opaque) - len(self._colours))
        key = storage._cdata
        if key not in self._storages:  # the weak reference keeps the address from being given to another storage
            self._storages[key] = StorageWeakRef(storage)
        return key

    def stamp(self, tensor: torch.Tensor) -> Stamp:
        """Which memory `tensor` has and how often that was written to: equal stamps, equal contents."""
        key = self._key(tensor)
        return key, self._writes.get(key, 0)

    def colours(self, tensor: torch.Tensor) -> int:
        """What colours the memory of `tensor`."""
        return self._colours.get(self._key(tensor), 0)

    def link(self, one: torch.Tensor, other: torch.Tensor) -> None:
        """Lets a write into either count as one into both: they share memory in the model, though not here."""
        keys = self._key(one), self._key(other)
        linked = self._linked.get(keys[0], {keys[0]}) | self._linked.get(keys[1], {keys[1]})
        self._linked.update(dict.fromkeys(linked, linked))

    def has(self, tensor: torch.Tensor) -> bool:
        """Whether anything in the memory of `tensor` depends on the input."""
        return bool(self.colours(tensor) & INPUT)

    def origin(self, tensor: torch.Tensor) -> Origin:
        """Where the memory of `tensor` was last written to."""
        return self._origins.get(self._key(tensor), Origin("", False))

    def add(self, tensor: torch.Tensor) -> None:
        """Declares that `tensor` depends on the input."""
        key = self._key(tensor)
        self._colours[key] = self._colours.get(key, 0) | INPUT

    # -- memory of the model, which is given back as it was

    def own(self, tensors: Iterable[torch.Tensor]) -> None:
        """Takes note of memory that `restore` shall give its contents back."""
        for tensor in tensors:
            self._owned.setdefault(self._key(tensor), []).append(tensor)
        self._belongings.update(self._owned)

    def owns(self, tensor: torch.Tensor) -> bool:
        """Whether `tensor` is memory of the model that nothing wrote to."""
        key = self._key(tensor)
        return key in self._belongings and key not in self._writes

    def _save(self, tensor: torch.Tensor) -> None:
        for own in self._owned.pop(self._key(tensor), ()):
            self._saved.append((own, own.clone()))

    def restore(self) -> None:
        """Undoes every write into the model's memory."""
        for tensor, contents in self._saved:
            tensor.copy_(contents)


class _About:
    """What is asked about an operator at each call, worked out once."""

    def __init__(self, func: Any) -> None:
        name = func._schema.name.partition("::")[2]
        arguments = enumerate(func._schema.arguments)
        self.writes = tuple((i, a.name) for i, a in arguments if a.alias_info is not None and a.alias_info.is_write)
        self.shape_only = name in SHAPE_ONLY
        self.random = torch.Tag.nondeterministic_seeded in func.tags and "attention" not in name
        self.decides = torch.Tag.data_dependent_output in func.tags
        self.colour = (RANDOM if self.random else 0) | (UNWRITTEN if name in EMPTY else 0)


_about = cache(_About)


def _written(about: _About, args: Any, kwargs: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for position, name in about.writes:
        found += tensors_in(args[position] if position < len(args) else kwargs.get(name))
    return found

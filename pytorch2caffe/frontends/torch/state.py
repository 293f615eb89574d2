"""The state of a model: attributes, containers and memory that a call changes, restored afterwards."""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

CONTAINERS = (dict, OrderedDict, defaultdict, list, set, deque)
OPAQUE = (
    nn.Module,
    torch.Tensor,
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.BuiltinMethodType,
)
PLAIN = (int, float, bool, str, bytes, type(None), tuple, torch.Size, torch.dtype, torch.device)
MOST_DEPTH = 4
OF_TORCH = set(vars(nn.Module())) - {"_parameters", "_buffers", "_modules"}  # not a state of the model: flags and hooks


class _Part(NamedTuple):
    """A container as it was. own: the attributes of a module or object, whose keys are shown without quotes."""

    name: str
    item: Any
    copy: Any
    own: bool


class State:
    """The attributes of modules and of plain objects in them, and the contents of their dicts, lists and sets.

    roots: name -> module, object or function; of a function, what its closure holds.
    """

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.roots = roots
        self.nested: dict[str, torch.Tensor] = {}  # the tensors in containers and objects, by name
        self._parts: list[_Part] = []
        self._seen: set[int] = set()
        self._memory: dict[str, tuple[torch.Tensor, int]] = {}
        for name, root in roots.items():
            self._add(name, root, 0)

    def _add(self, name: str, item: Any, depth: int) -> None:
        own = type(item) not in CONTAINERS
        if own and isinstance(item, types.FunctionType):
            return self._add_closure(item, depth)
        container = vars(item) if own else item
        if id(container) in self._seen:
            return None
        self._seen.add(id(container))
        self._parts.append(_Part(name, container, container.copy(), own))
        if depth < MOST_DEPTH and not _is_of_modules(name):
            for key, part in _entries(container):
                self._enter(_join(name, key, own), part, depth + 1)
        return None

    def _add_closure(self, function: types.FunctionType, depth: int) -> None:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self._enter(name, cell.cell_contents, depth + 1)
            except ValueError:  # not assigned yet
                continue

    def _enter(self, name: str, item: Any, depth: int) -> None:
        if isinstance(item, torch.Tensor):
            if depth > 1:
                self.nested[name] = item
        elif type(item) in CONTAINERS or not isinstance(item, (*OPAQUE, *PLAIN)) and hasattr(item, "__dict__"):
            self._add(name, item, depth)

    def remember_memory(self, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Lets `changed` name each of these tensors whose memory is replaced: `weight.data = ...`."""
        self._memory = {name: (tensor, _address(tensor)) for name, tensor in tensors}

    def name_of(self, tensor: torch.Tensor) -> str:
        """The name of the tensor that has this memory, or ""."""
        known = (*((name, own) for name, (own, _) in self._memory.items()), *self.nested.items())
        return next((name for name, own in known if _address(own) == _address(tensor)), "")

    def changed(self) -> list[str]:
        """The names of the attributes and entries that are others now, or are new or gone."""
        replaced = (name for name, (tensor, before) in self._memory.items() if _address(tensor) != before)
        names: dict[str, None] = dict.fromkeys(replaced)
        for part in self._parts:
            if part.name.rpartition(".")[2] in OF_TORCH:
                continue
            for key in _changed_keys(part.item, part.copy):
                if not (part.own and key in OF_TORCH):
                    names[_join(part.name, key, part.own)] = None
        return list(names)

    def restore(self) -> None:
        """Gives all containers their contents again."""
        for part in self._parts:
            if not _same_items(part.item, part.copy):
                part.item.clear()
                part.item.extend(part.copy) if isinstance(part.item, (list, deque)) else part.item.update(part.copy)


def _address(tensor: torch.Tensor) -> int:
    return tensor.data_ptr() if tensor.layout == torch.strided else id(tensor)


def _entries(container: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(container, dict):
        yield from list(container.items())
    elif isinstance(container, (list, deque)):
        yield from enumerate(list(container))


def _is_of_modules(name: str) -> bool:
    """Whether a container is one in which nn.Module keeps its parts."""
    return name.rpartition(".")[2] in ("_parameters", "_buffers", "_modules")


def _join(name: str, key: Any, own: bool) -> str:
    if not own and not _is_of_modules(name):
        return f"{name}[{key!r}]"
    home = name if own else name.rpartition(".")[0]
    return f"{home}.{key}" if home else str(key)


def _changed_keys(item: Any, copy: Any) -> list[Any]:
    if isinstance(item, set):
        return [] if item == copy else ["..."]
    now, before = dict(_entries(item)), dict(_entries(copy))
    return [key for key in {**before, **now} if not _same(now.get(key, _GONE), before.get(key, _GONE))]


_GONE = object()


def _same(one: Any, other: Any) -> bool:
    if one is other or type(one) is not type(other) or not isinstance(one, PLAIN):
        return one is other
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _same_items(one: Any, other: Any) -> bool:
    if isinstance(one, set):
        return one == other
    return len(one) == len(other) and all(
        a == b and x is y for (a, x), (b, y) in zip(_entries(one), _entries(other), strict=True)
    )

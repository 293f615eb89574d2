"""The path of a module at the place where it is called: one module may be registered at several places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from torch import nn

Edge = tuple[int, str]  # the id of a module that has another as a child, and the name of the child


class ModulePaths:
    """The paths of the modules of a model.

    modules: path -> module, with one path for each. A module that is registered at several places, such as one
    activation that all blocks have, has further paths: `of` gives the one below the module that calls it.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        self._first = {id(module): path for path, module in modules.items()}
        self._parents: dict[int, list[Edge]] = {}
        for module in modules.values():
            for name, child in module._modules.items():
                if child is not None:
                    self._parents.setdefault(id(child), []).append((id(module), name))
        self._shared = self._with_several_paths()
        self._calls: Counter[str] = Counter()
        self.aliases: dict[str, str] = {}  # paths that `of` gave -> the first path of the same module

    def __contains__(self, module: nn.Module) -> bool:
        return id(module) in self._first

    def of(self, callers: Iterator[nn.Module]) -> str:
        """The path of the first of `callers`: the modules whose calls are running, from the innermost to the model.

        If the module that calls it has it under several names, as nn.Sequential(conv, relu, conv, relu) has, it is the
        one that was counted least.
        """
        module = next(callers)
        first = self._first[id(module)]
        if id(module) not in self._shared:
            return first
        caller = next((each for each in callers if each in self), None)
        if caller is None or not (names := self._names_below(id(caller), id(module))):
            return first
        base = self.of(_chain(caller, callers))
        path = min((f"{base}.{name}" if base else name for name in names), key=self._calls.__getitem__)
        if path != first:
            self.aliases[path] = first
        return path

    def count(self, path: str) -> None:
        """Counts a call of the module at a path."""
        self._calls[path] += 1

    def _with_several_paths(self) -> set[int]:
        """The modules that several modules have, and all below those."""
        children: dict[int, list[int]] = {}
        for child, edges in self._parents.items():
            for parent, _ in edges:
                children.setdefault(parent, []).append(child)
        found: set[int] = set()
        waiting = [child for child, edges in self._parents.items() if len(edges) > 1]
        while waiting:
            module = waiting.pop()
            if module not in found:
                found.add(module)
                waiting += children.get(module, [])
        return found

    def _names_below(self, ancestor: int, module: int) -> list[str]:
        """The shortest names of a module relative to another, in the order of registration; none if it is not below."""
        level, seen = [(module, "")], {module}
        while level:
            edges = [
                (parent, f"{name}.{rest}" if rest else name)
                for at, rest in level
                for parent, name in self._parents.get(at, [])
            ]
            if names := [name for parent, name in edges if parent == ancestor]:
                return names
            level = [(parent, name) for parent, name in edges if parent not in seen]
            seen.update(parent for parent, _ in level)
        return []


def _chain(first: nn.Module, rest: Iterator[nn.Module]) -> Iterator[nn.Module]:
    yield first
    yield from rest

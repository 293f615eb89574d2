"""The source location of a call: the module's path, the line of the user's code, and the name for its layer."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from .module_paths import ModulePaths
from .script.interpreter import RUN_NODE, location_of

_CALL = nn.Module._call_impl.__code__
_LIBRARIES = tuple(str(Path(file).parent) + os.sep for file in (torch.__file__, Path(__file__).parent)) + ("<",)
_RECORDING = str(Path(__file__).with_name("recording.py"))  # frames above it are not of the model
_PYTHON = str(Path(os.__file__).parent) + os.sep


class SourceLocation(NamedTuple):
    """module: a path, "" for the model itself. scope: the name for the layer. line: "resnet.py:92", or ""."""

    module: str
    scope: str
    line: str


class LocationFinder:
    """Finds the source location of the current call. modules: path -> module."""

    def __init__(self, modules: dict[str, nn.Module]) -> None:
        self._modules = modules
        self._paths = ModulePaths(modules)
        self.aliases = self._paths.aliases
        self.of_modules = {  # names that belong to the layers of modules
            clean_name(f"{path}.{name}" if path else name)
            for path, module in modules.items()
            for name, child in module._modules.items()
            if child is not None and _is_one_layer(child)
        }

    def count(self, location: SourceLocation) -> None:
        """Counts a call of a module that becomes one layer: of several names of a module, each call gets another."""
        if location.scope == clean_name(location.module):
            self._paths.count(location.module)

    def find(self, short: str, depth: int = 2) -> SourceLocation:
        """The location of the call `depth` frames above; `short` is the function that is called."""
        frame: Any = sys._getframe(depth)
        line, leaf = "", False
        unknown: list[str] = []  # modules between the call and the first that has a path
        while frame is not None and frame.f_code.co_filename != _RECORDING:
            code = frame.f_code
            if not line and not _is_library(code.co_filename):
                line = f"{os.path.basename(code.co_filename)}:{frame.f_lineno}"  # noqa: PTH119 (at every call)
            if code is _CALL:
                module = frame.f_locals["self"]
                leaf = leaf or not unknown and _is_one_layer(module)
                if module in self._paths:
                    parts = [self._paths.of(_callers(frame)), *reversed(unknown)]
                    return self._location(".".join(p for p in parts if p), short, leaf, line or _line_above(frame))
                unknown.append(type(module).__name__.lower())
            elif code is RUN_NODE:
                return self._script_location(frame, short)
            elif code.co_name == "forward" and code.co_filename.startswith("<eval_with_key>"):
                exported = _exported_location(frame)
                if exported is not None:
                    return self._location(exported.module, short, exported.scope == "leaf", exported.line or line)
            frame = frame.f_back
        return self._location(".".join(reversed(unknown)), short, leaf, line)

    def _script_location(self, frame: Any, short: str) -> SourceLocation:
        """The location of a node of a TorchScript program, whose frame this is: below the program's own path."""
        at = location_of(frame.f_locals["node"])
        program = next((module for module in _callers(frame) if module in self._paths), None)
        root = self._paths.of(_callers(frame)) if program is not None else ""
        path = ".".join(part for part in (root, at.module) if part)
        one_layer = getattr(self._modules.get(path), "is_one_layer", False)
        return self._location(path, short, one_layer, at.line or _line_above(frame))

    def _location(self, path: str, short: str, leaf: bool, line: str) -> SourceLocation:
        if leaf and path:
            return SourceLocation(path, clean_name(path), line)
        scope = clean_name(".".join(part for part in (path, short) if part))
        while scope in self.of_modules:
            scope += "_1"
        return SourceLocation(path, scope, line)


def raised_at(error: BaseException, modules: dict[str, nn.Module] | None = None) -> str:
    """The innermost location in the user's code that an exception passed through: "head.conv (net.py:46)", or ""."""
    paths = {id(module): path for path, module in (modules or {}).items()}
    module = line = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code is _CALL:
            module = paths.get(id(trace.tb_frame.f_locals["self"]), module)
        if not _is_library(code.co_filename):
            line = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{module} ({line})" if module and line else module or line


def _callers(frame: Any) -> Iterator[nn.Module]:
    """The modules whose calls are running, from a frame of such a call up to the model."""
    while frame is not None and frame.f_code.co_filename != _RECORDING:
        if frame.f_code is _CALL:
            yield frame.f_locals["self"]
        frame = frame.f_back


def _line_above(frame: Any) -> str:
    while frame is not None and frame.f_code.co_filename != _RECORDING:
        if not _is_library(frame.f_code.co_filename):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"  # noqa: PTH119
        frame = frame.f_back
    return ""


@cache
def _is_library(filename: str) -> bool:
    return filename.startswith(_LIBRARIES) or filename.startswith(_PYTHON) and "site-packages" not in filename


def _is_one_layer(module: nn.Module) -> bool:
    """Whether a module of torch has no modules inside: its layer then has the name of the module."""
    kind: Any = type(module)
    return _has_own_forward(kind) and not set(module._modules) - {"parametrizations"}


@lru_cache(maxsize=4096)
def _has_own_forward(kind: Any) -> bool:
    home = getattr(inspect.getattr_static(kind, "forward", None), "__module__", "") or ""
    return home.startswith("torch.nn.modules")


def _exported_location(frame: Any) -> SourceLocation | None:
    """The module that an operator of a torch.fx graph originates from, by its node's metadata; scope: "leaf", or ""."""
    graph = frame.f_locals.get("self")
    if not isinstance(graph, torch.fx.GraphModule):
        return None
    node = _nodes_by_line(graph).get(frame.f_lineno)
    stack = node.meta.get("nn_module_stack") if node is not None else None
    if node is None or not stack:
        return None
    path, kind = list(stack.values())[-1][:2]
    path = re.sub(r"^L?\['self'\]\.?|^L__self__[._]?", "", str(path).removeprefix("L"))
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    lines = re.findall(r'File "(.*?)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [f"{Path(name).name}:{number}" for name, number in lines if not _is_library(name)]
    return SourceLocation(path, "leaf" if kind.startswith("torch.nn.modules") else "", own[-1] if own else "")


def _nodes_by_line(graph: torch.fx.GraphModule) -> dict[int, Any]:
    known = _LINES.get(id(graph))
    if known is None or known[0] != graph.code:
        nodes = {node.name: node for node in graph.graph.nodes}
        lines = enumerate(graph.code.split("\n"), 1)
        assignments = {number: re.match(r"\s*(\w+)\s*(?::[^=]*)?=", line) for number, line in lines}
        known = graph.code, {n: nodes[m[1]] for n, m in assignments.items() if m is not None and m[1] in nodes}
        _LINES.clear()
        _LINES[id(graph)] = known
    return known[1]


_LINES: dict[int, tuple[str, dict[int, Any]]] = {}


def clean_name(name: str) -> str:
    """A name that every consumer of Caffe files accepts: no white space or control characters."""
    return "".join("_" if c.isspace() or not c.isprintable() else c for c in name)

"""Where a torch function, a Caffe layer type, an operator of MMdnn's IR or of TensorFlow is defined in this package."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConversionError
from ..graph.registry import IR, LAYERS, TORCH, load_layers

MOST_SUGGESTIONS = 3


@dataclass(frozen=True)
class Definition:
    """A registered function or layer class.

    name: what it is registered for: `torch.cumsum`, `Caffe layer ReLU`, `IR operator Relu`, `TensorFlow operator Relu`.
    path: its file; relative to the working directory if it is in there.
    """

    name: str
    path: Path
    line: int
    function: str


def where(name: str) -> list[Definition]:
    """The definitions that a name stands for, each once, in the order of the kinds in `Definition`.

    name: a torch name, complete (`torch.nn.functional.relu`) or its end (`F.relu`, `nn.functional.relu`, `Tensor.relu`,
          `relu`: every torch name that ends so); a Caffe layer type; an operator of MMdnn's IR or of TensorFlow.

    Raises ConversionError naming those that are nearest, if there is none.

    >>> [(each.path.name, each.function) for each in where("Dropout") if each.name == "Caffe layer Dropout"]
    [('dropout.py', 'Dropout')]
    """
    load_layers()
    definitions = [*_torch_functions(name)] or [*_torch_functions(name.removesuffix("_"))]
    definitions += [_definition(f"{kind} {name}", table[name]) for kind, table in _tables().items() if name in table]
    if not definitions:
        fix = "give a function that it calls, if it is a module or a torch function written in Python"
        raise ConversionError(f"{name!r} is not a registered function or layer{_suggestions(name)}\n  fix: {fix}")
    unique: dict[tuple[Path, int], Definition] = {}
    for definition in definitions:
        unique.setdefault((definition.path, definition.line), definition)
    return list(unique.values())


def _torch_functions(name: str) -> Iterator[Definition]:
    suffix = f"nn.functional.{name[2:]}" if name.startswith("F.") else name
    for full, function in TORCH.items():
        if full == suffix or full.endswith(f".{suffix}") and full.startswith("torch."):
            yield _definition(full, function)


def _tables() -> dict[str, dict[str, Any]]:
    from ..frontends.tensorflow.convert import RULES
    from ..frontends.tensorflow.read import load_tensorflow  # noqa: F401 - with it all rules are registered

    return {"Caffe layer": dict(LAYERS), "IR operator": IR, "TensorFlow operator": RULES}


def _definition(name: str, item: Callable[..., Any]) -> Definition:
    written = _as_written(item)
    path = Path(inspect.getfile(written))
    line = inspect.getsourcelines(written)[1]
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return Definition(name, path, line, written.__name__)


def _as_written(item: Any) -> Any:
    """The function that a decorator wrapped, if `item` is what the decorator returned instead of it."""
    while inspect.isfunction(item) and (inner := inspect.getclosurevars(item).nonlocals.get("function")):
        item = inner
    return inspect.unwrap(item)


def _suggestions(name: str) -> str:
    known = {full.casefold(): full for table in (TORCH, *_tables().values()) for full in table}
    known |= {full.rpartition(".")[2].casefold(): full for full in reversed(TORCH)}
    near = difflib.get_close_matches(name.casefold(), known, MOST_SUGGESTIONS)
    return f"; did you mean {' or '.join(dict.fromkeys(known[match] for match in near))}?" if near else ""

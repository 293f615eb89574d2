"""Loads the model that a command line names, and its weights."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from ....errors import ConversionError
from ..source_location import raised_at
from .checkpoints import load_pickled_model, load_weights
from .exported import load_exported
from .fitting import shortened
from .torchscript import is_torchscript, load_torchscript
from .torchvision_models import torchvision_models

FORMS = (
    "package.module:callable, path/file.py:callable, either with arguments if needed, callable(classes=7); "
    "torchvision:NAME, an exported program FILE.pt2, a TorchScript program FILE.pt, or a complete model FILE.pth"
)


def load_model(
    spec: str,
    weights: str | Path | None = None,
    key: str | None = None,
    allow_extra_keys: bool = False,
    note: Callable[[str], object] = warnings.warn,
    trust: bool = False,
) -> Callable[..., Any]:
    """The model that `spec` names, in eval mode.

    spec:    `package.module:callable` or `path/file.py:callable`: a model, or a class or function that returns one
             when called, without arguments or with those given, `net.py:make(classes=7)`; `torchvision:NAME`: with
             random weights; `FILE.pt2`: saved by torch.export; `FILE.pt`: saved by torch.jit.save, or a complete model
             saved by torch.save, made of torch.nn's and torchvision's own classes.
    weights, key, allow_extra_keys: as for `load_weights`.
    trust:   load a FILE.pt2 that may run code.
    note:    called with a sentence that lists the names in the weights that were left out.

    Raises ConversionError with the reason and, for a misspelt name, the nearest names. An exception of the model's own
    code is reported with its line.
    """
    if spec.endswith(".pt2"):
        model = load_exported(Path(spec), trust)
    elif spec.endswith((".pth", ".pt", ".ckpt")):
        model = load_torchscript(Path(spec)) if is_torchscript(Path(spec)) else load_pickled_model(Path(spec))
    else:
        model = _resolve(_parse_spec(spec), spec)
    if not callable(model):
        raise ConversionError(f"{spec} is a {type(model).__name__}, not a model")
    if weights is not None:
        if left_out := load_weights(model, Path(weights), key, allow_extra_keys):
            note(f"{weights}: left out {shortened(left_out)}, which the model does not have")
    elif key is not None:
        raise ConversionError("--weights-key is an entry of a checkpoint: give --weights too")
    return model.eval() if isinstance(model, nn.Module) and not spec.endswith(".pt2") else model


class _ModelSpec(NamedTuple):
    """source:name, or source:name(arguments). source: "torchvision", a module, or a file that ends in .py."""

    source: str
    name: str
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None


def _parse_spec(spec: str) -> _ModelSpec:
    match = re.fullmatch(r"(.+?):([^\W\d][\w.]*)(\(.*\))?", spec, re.DOTALL)
    if not match:
        raise ConversionError(f"{spec!r} is not a model: write {FORMS}")
    return _ModelSpec(match[1], match[2], _arguments(match[3]) if match[3] else None)


def _arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        call = ast.parse(f"f{text}", mode="eval").body
        assert isinstance(call, ast.Call)
        named = {entry.arg: ast.literal_eval(entry.value) for entry in call.keywords if entry.arg is not None}
        if len(named) != len(call.keywords):
            raise ValueError("** in it")
        return tuple(ast.literal_eval(entry) for entry in call.args), named
    except (SyntaxError, ValueError, AssertionError, RecursionError) as error:
        what = "arguments are numbers, strings, lists, dicts, True, False and None"
        raise ConversionError(f"{text}: {what}: write (classes=7, width=0.5)") from error


def _resolve(parsed: _ModelSpec, spec: str) -> Any:
    if parsed.source == "torchvision":
        return _load_torchvision(parsed)
    with _import_path(parsed.source):
        thing = _attribute(_import_module(parsed.source), parsed)
        if parsed.arguments is not None and isinstance(thing, nn.Module):
            raise ConversionError(f"{spec}: {parsed.name} is a model already: omit the arguments")
        if isinstance(thing, type) or not isinstance(thing, nn.Module) and callable(thing):
            args, kwargs = parsed.arguments or ((), {})
            with _user_code(f"{parsed.name} cannot be created"):
                return thing(*args, **kwargs)
    return thing


def _attribute(module: Any, parsed: _ModelSpec) -> Any:
    thing = module
    for name in parsed.name.split("."):
        if not hasattr(thing, name):
            raise ConversionError(f"{parsed.source} has no {parsed.name!r}{_suggestions(name, vars(thing))}")
        thing = getattr(thing, name)
    return thing


@contextmanager
def _import_path(source: str) -> Iterator[None]:
    """A scope in which modules are found as by `python source` or `python -m source`."""
    before = sys.path[:]
    if source.endswith(".py"):
        sys.path.insert(0, str(Path(source).resolve().parent))
        sys.path.insert(0, str(_package_root(Path(source))[0]))
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _user_code(what: str) -> Iterator[None]:
    """A scope for the user's own code: what it raises becomes a ConversionError with its line."""
    try:
        yield
    except (Exception, SystemExit) as error:
        at = raised_at(error) if error.__traceback__ else ""
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            text = 'it ends the program: put the code of the script under if __name__ == "__main__":'
        hint = (
            "\n  fix: write the arguments after the name: net.py:make(classes=7)"
            if "required positional" in text
            else ""
        )
        raise ConversionError(f"{what}: {text}" + (f"\n  at {at}" if at else "") + hint) from error


def _import_module(source: str) -> Any:
    name = source
    if source.endswith(".py"):
        if not Path(source).is_file():
            raise ConversionError(f"there is no file {source}")
        root, name = _package_root(Path(source))
        if name == Path(source).stem:
            return _import_file(Path(source))
    try:
        with _user_code(f"cannot import {source}"):
            module = importlib.import_module(name)
    except ConversionError as error:
        if isinstance(error.__cause__, ModuleNotFoundError) and error.__cause__.name in (name, name.partition(".")[0]):
            hint = "run this in the folder that contains it, or name the file: path/file.py:callable"
            raise ConversionError(
                f"cannot import {source}: there is no module {error.__cause__.name}\n  fix: {hint}"
            ) from error
        raise
    if source.endswith(".py") and Path(str(module.__file__)).resolve() != Path(source).resolve():
        raise ConversionError(
            f"{source} is module {name}, but {module.__file__} was imported under that name: rename one of them"
        )
    return module


def _import_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    with _user_code(f"cannot import {path}"):
        spec.loader.exec_module(module)
    return module


def _package_root(path: Path) -> tuple[Path, str]:
    """The folder of a file's top package, and its full module name: by __init__.py files and relative imports."""
    folders = path.resolve().parents
    up = 0
    while (folders[up] / "__init__.py").is_file():
        up += 1
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        nodes = []  # the import reports what is wrong
    up = max([up, *(node.level for node in nodes if isinstance(node, ast.ImportFrom))])
    up = min(up, len(folders) - 1)
    return folders[up], ".".join([folder.name for folder in folders[:up]][::-1] + [path.stem])


def _suggestions(name: str, names: Iterable[str]) -> str:
    import difflib

    nearest = difflib.get_close_matches(name, [each for each in names if not each.startswith("_")], 3)
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""


def _load_torchvision(parsed: _ModelSpec) -> Any:
    models = torchvision_models()
    name, known = parsed.name, models.list_models()
    if name not in known:
        raise ConversionError(f"torchvision has no model {name!r}{_suggestions(name, known)}")
    args, kwargs = parsed.arguments or ((), {})
    if args:
        raise ConversionError(f"torchvision:{name}: give arguments by name: (num_classes=7)")
    with _user_code(f"torchvision:{name} cannot be created"):
        return models.get_model(name, **(_without_download(name) | kwargs))


def _without_download(name: str) -> dict[str, Any]:
    """The arguments that give a model of torchvision random weights, its backbone too."""
    known = inspect.signature(torchvision_models().get_model_builder(name)).parameters
    initial = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return {"weights": None} | ({"weights_backbone": None} if "weights_backbone" in known else {}) | initial

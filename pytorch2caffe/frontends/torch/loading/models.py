"""Finds the model that a command line names, and gives it weights."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from ....errors import ConversionError
from ..source_location import raised_at
from .checkpoints import load_weights, load_whole
from .safe_unpickler import check_archive
from .torchvision_models import torchvision_models

FORMS = (
    "package.module:callable, path/file.py:callable, either with arguments if need be, callable(classes=7); "
    "torchvision:NAME, an exported program FILE.pt2, or a whole model FILE.pth"
)


def load_model(spec: str, weights: str | Path | None = None, key: str | None = None) -> Callable[..., Any]:
    """The model that `spec` names, in eval mode.

    spec:    `package.module:callable` or `path/file.py:callable`: a model, or a class or function that returns one
             when called, without arguments or with those given, `net.py:make(classes=7)`; `torchvision:NAME`: with
             random weights; `FILE.pt2`: saved by torch.export; `FILE.pth`: a whole model saved by torch.save, made of
             torch.nn's and torchvision's own classes.
    weights, key: as for `load_weights`.

    Raises ConversionError that says what is wrong and, for a misspelt name, which are near. What the model's own code
    raises is told with the line where it does.
    """
    if spec.endswith(".pt2"):
        model = _exported(Path(spec))
    elif spec.endswith((".pth", ".pt", ".ckpt")):
        model = load_whole(Path(spec))
    else:
        model = _made(_named(spec), spec)
    if not callable(model):
        raise ConversionError(f"{spec} is a {type(model).__name__}, not a model")
    if weights is not None:
        load_weights(model, Path(weights), key)
    elif key is not None:
        raise ConversionError("--weights-key needs --weights")
    return model.eval() if isinstance(model, nn.Module) and not spec.endswith(".pt2") else model


class _Name(NamedTuple):
    """place:name, or place:name(arguments)."""

    place: str
    name: str
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None


def _named(spec: str) -> _Name:
    found = re.fullmatch(r"(.+?):([^\W\d][\w.]*)(\(.*\))?", spec, re.DOTALL)
    if not found:
        raise ConversionError(f"{spec!r} names no model; write {FORMS}")
    return _Name(found[1], found[2], _arguments(found[3]) if found[3] else None)


def _arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        call = ast.parse(f"f{text}", mode="eval").body
        assert isinstance(call, ast.Call)
        named = {entry.arg: ast.literal_eval(entry.value) for entry in call.keywords if entry.arg is not None}
        if len(named) != len(call.keywords):
            raise ValueError("** in it")
        return tuple(ast.literal_eval(entry) for entry in call.args), named
    except (SyntaxError, ValueError, AssertionError, RecursionError) as error:
        what = "arguments are numbers, texts, lists, dicts, True, False and None"
        raise ConversionError(f"{text}: {what}, as in (classes=7, width=0.5)") from error


def _made(asked: _Name, spec: str) -> Any:
    if asked.place == "torchvision":
        return _torchvision(asked)
    with _paths(asked.place):
        thing = _attribute(_module(asked.place), asked)
        if asked.arguments is not None and isinstance(thing, nn.Module):
            raise ConversionError(f"{spec}: {asked.name} is a model already, and is not called with arguments")
        if isinstance(thing, type) or not isinstance(thing, nn.Module) and callable(thing):
            args, kwargs = asked.arguments or ((), {})
            with _their_code(f"{asked.name} cannot be made"):
                return thing(*args, **kwargs)
    return thing


def _attribute(module: Any, asked: _Name) -> Any:
    thing = module
    for name in asked.name.split("."):
        if not hasattr(thing, name):
            raise ConversionError(f"{asked.place} has no {asked.name!r}{_near(name, vars(thing))}")
        thing = getattr(thing, name)
    return thing


@contextmanager
def _paths(place: str) -> Iterator[None]:
    """Lets modules be found where `python place` or `python -m place` would find them."""
    before = sys.path[:]
    if place.endswith(".py"):
        sys.path.insert(0, str(Path(place).resolve().parent))
        sys.path.insert(0, str(_package(Path(place))[0]))
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _their_code(what: str) -> Iterator[None]:
    """Tells what the user's own code raises, and where."""
    try:
        yield
    except (Exception, SystemExit) as error:
        at = raised_at(error) if error.__traceback__ else ""
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            text = 'it ends the program: put what is to be run as a script under if __name__ == "__main__":'
        hint = "\n  fix: arguments go behind the name: net.py:make(classes=7)" if "required positional" in text else ""
        raise ConversionError(f"{what}: {text}" + (f"\n  at {at}" if at else "") + hint) from error


def _module(place: str) -> Any:
    name = place
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise ConversionError(f"there is no file {place}")
        root, name = _package(Path(place))
        if name == Path(place).stem:
            return _alone(Path(place))
    try:
        with _their_code(f"cannot import {place}"):
            module = importlib.import_module(name)
    except ConversionError as error:
        if isinstance(error.__cause__, ModuleNotFoundError) and error.__cause__.name in (name, name.partition(".")[0]):
            hint = "run this in the folder that holds it, or name the file: path/file.py:callable"
            raise ConversionError(
                f"cannot import {place}: there is no module {error.__cause__.name}\n  fix: {hint}"
            ) from error
        raise
    if place.endswith(".py") and Path(str(module.__file__)).resolve() != Path(place).resolve():
        raise ConversionError(f"{place} is module {name}, and another of that name is in the way: {module.__file__}")
    return module


def _alone(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    with _their_code(f"cannot import {path}"):
        spec.loader.exec_module(module)
    return module


def _package(path: Path) -> tuple[Path, str]:
    """Where the package of a file begins, and the file's full name in it: by __init__.py and relative imports."""
    folders = path.resolve().parents
    up = 0
    while (folders[up] / "__init__.py").is_file():
        up += 1
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        nodes = []  # importing it says what is wrong
    up = max([up, *(node.level for node in nodes if isinstance(node, ast.ImportFrom))])
    up = min(up, len(folders) - 1)
    return folders[up], ".".join([folder.name for folder in folders[:up]][::-1] + [path.stem])


def _near(name: str, names: Any) -> str:
    import difflib

    near = difflib.get_close_matches(name, [n for n in names if not n.startswith("_")], 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _exported(path: Path) -> Callable[..., Any]:
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    check_archive(path)
    log = logging.getLogger("torch.export")
    before, log.disabled = log.disabled, True  # it prints what it raises, at length
    try:
        return torch.export.load(path).module()
    except (RuntimeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConversionError(f"{path} is no exported program (torch.export.save)") from error
    finally:
        log.disabled = before


def _torchvision(asked: _Name) -> Any:
    models = torchvision_models()
    name, known = asked.name, models.list_models()
    if name not in known:
        raise ConversionError(f"torchvision has no model {name!r}{_near(name, known)}")
    settings: dict[str, Any] = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    if name in ("fcn_resnet50", "fcn_resnet101", "lraspp_mobilenet_v3_large") or name.startswith("deeplabv3"):
        settings = {"weights_backbone": None}
    args, kwargs = asked.arguments or ((), {})
    if args:
        raise ConversionError(f"torchvision:{name}: give arguments by name, (num_classes=7)")
    with _their_code(f"torchvision:{name} cannot be made"):
        return models.get_model(name, **({"weights": None} | settings | kwargs))

"""Loads the model that a command line names, and its weights."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from ....errors import ConversionError, installed_as
from ..source_location import raised_at
from .checkpoints import load_pickled_model, load_weights
from .exported import load_exported
from .fitting import shortened
from .libraries import LIBRARIES, has_own_weights, suggestions
from .not_a_model import what_to_write
from .torchscript import is_torchscript, load_torchscript
from .torchvision_models import torchvision_models as torchvision_models


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
             when called, without arguments or with those given, `net.py:make(classes=7)`; `torchvision:NAME` and
             `timm:NAME`, `hf:FOLDER` of transformers, `ultralytics:NAME.yaml`: with random weights, unless the
             arguments ask for others; `FILE.pt2`: saved by torch.export; `FILE.pt`: saved by torch.jit.save, or a
             complete model saved by torch.save, made of torch.nn's and torchvision's own classes.
    weights, key, allow_extra_keys: as for `load_weights`.
    trust:   load a FILE.pt2 that may run code.
    note:    called with a sentence that lists the names in the weights that were left out.

    Raises ConversionError with the reason and, for a misspelt name, the nearest names. An exception of the model's own
    code is reported with its line.
    """
    if spec.partition(":")[0] in LIBRARIES:
        model = _resolve(_parse_spec(spec), spec)
    elif spec.endswith(".pt2"):
        model = load_exported(Path(spec), trust)
    elif spec.endswith((".pth", ".pt", ".ckpt")):
        model = load_torchscript(Path(spec)) if is_torchscript(Path(spec)) else load_pickled_model(Path(spec))
    else:
        model = _resolve(_parse_spec(spec), spec)
    if not callable(model):
        raise ConversionError(f"{spec} is not a model: it is of type {type(model).__name__}")
    if weights is not None:
        if left_out := load_weights(model, Path(weights), key, allow_extra_keys):
            note(f"{weights}: left out {shortened(left_out)}, which the model does not have")
    elif key is not None:
        raise ConversionError("--weights-key is an entry of a checkpoint: give --weights too")
    return model.eval() if isinstance(model, nn.Module) and not spec.endswith(".pt2") else model


class _ModelSpec(NamedTuple):
    """source:name, or source:name(arguments). source: one of LIBRARIES, a module, or a file that ends in .py."""

    source: str
    name: str
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None


def weights_are_given(spec: str) -> bool:
    """Whether a model comes with trained weights, as far as `spec` says: a file, or a network of a package."""
    if spec.partition(":")[0] not in LIBRARIES and spec.endswith((".pt2", ".pth", ".pt", ".ckpt", ".onnx")):
        return True
    parsed = _parse_spec(spec)
    return has_own_weights(parsed.source, parsed.arguments[1] if parsed.arguments else {})


def _parse_spec(spec: str) -> _ModelSpec:
    library = re.fullmatch(rf"({'|'.join(LIBRARIES)}):([^()]+)(\(.*\))?", spec, re.DOTALL)
    match = library or re.fullmatch(r"(.+?):([^\W\d][\w.]*)(\(.*\))?", spec, re.DOTALL)
    if not match:
        raise ConversionError(what_to_write(spec))
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
    if parsed.source in LIBRARIES:
        args, kwargs = parsed.arguments or ((), {})
        if args:
            raise ConversionError(f"{parsed.source}:{parsed.name}: give arguments by name: (num_classes=7)")
        with _user_code(f"{parsed.source}:{parsed.name} cannot be created"):
            return LIBRARIES[parsed.source](parsed.name, kwargs)
    with _import_path(parsed.source):
        thing = _attribute(_import_module(parsed.source), parsed)
        if parsed.arguments is not None and isinstance(thing, nn.Module):
            raise ConversionError(f"{spec}: {parsed.name} is a model already: omit the arguments")
        if isinstance(thing, type) or not isinstance(thing, nn.Module) and callable(thing):
            args, kwargs = parsed.arguments or ((), {})
            with _user_code(f"{parsed.name} cannot be created", spec):
                return thing(*args, **kwargs)
    return thing


def _attribute(module: Any, parsed: _ModelSpec) -> Any:
    thing = module
    for name in parsed.name.split("."):
        if not hasattr(thing, name):
            raise ConversionError(f"{parsed.source} has no {parsed.name!r}{suggestions(name, vars(thing))}")
        thing = getattr(thing, name)
    return thing


@contextmanager
def _import_path(source: str) -> Iterator[None]:
    """A scope in which modules are found, and sys.argv is, as by `python source` or `python -m source`.

    Code that reads the command line when it is imported must not get that of this package.
    """
    before, arguments = sys.path[:], sys.argv
    sys.argv = [source]
    if source.endswith(".py"):
        sys.path.insert(0, str(Path(source).resolve().parent))
        sys.path.insert(0, str(_package_root(Path(source))[0]))
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path[:], sys.argv = before, arguments


_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")


@contextmanager
def _user_code(what: str, spec: str = "") -> Iterator[None]:
    """A scope for the user's own code: what it raises becomes a ConversionError with its line.

    spec: the model that the code creates, to show where missing arguments are written.
    """
    try:
        yield
    except ConversionError:
        raise
    except (Exception, SystemExit) as error:
        at = raised_at(error) if error.__traceback__ else ""
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            text = 'it ends the program: put the code of the script under if __name__ == "__main__":'
        fix = ""
        if isinstance(error, ModuleNotFoundError):
            fix = f"pip install {installed_as(error)}; if it is a module of your own, run this in its folder"
        elif spec and not at and (missing := _MISSING.search(text)):
            values = [f"{name}=..." for name in re.findall(r"'(\w+)'", missing[1])]
            start, _, given = spec.removesuffix(")").partition("(")
            fix = f'write the arguments after the name: "{start}({", ".join([given] * bool(given) + values)})"'
        hint = f"\n  fix: {fix}" if fix else ""
        raise ConversionError(f"{what}: {text}" + (f"\n  at {at}" if at else "") + hint) from error


def _import_module(source: str) -> Any:
    name = source
    if source.endswith(".py"):
        if not Path(source).is_file():
            near = suggestions(Path(source).name, (path.name for path in Path(source).parent.glob("*.py")))
            raise ConversionError(f"there is no file {source}{near}")
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

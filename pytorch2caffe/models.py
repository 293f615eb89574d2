"""Finds the model that a command line names, and gives it weights."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pickle
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .errors import ConversionError

FORMS = (
    "package.module:callable, path/file.py:callable, torchvision:NAME, an exported program FILE.pt2, or a whole model "
    "FILE.pth"
)
KNOWN = ("torch.nn.", "torchvision.models.", "torchvision.ops.")  # whose classes a whole model may be made of

DAMAGED = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, EOFError, zipfile.BadZipFile,
           pickle.UnpicklingError)  # what torch.load raises for files that are none of its own, or no more  # fmt: skip


def load_model(spec: str, weights: str | Path | None = None) -> Callable[..., Any]:
    """The model that `spec` names, in eval mode.

    spec:    `package.module:callable` or `path/file.py:callable`: a model, or a class or function that returns one
             when called without arguments; `torchvision:NAME`: with random weights; `FILE.pt2`: saved by torch.export;
             `FILE.pth`: a whole model saved by torch.save, made of torch.nn's and torchvision's own classes.
    weights: a state_dict saved by torch.save (also under "state_dict" or "model", also with "module." before the
             names), or a .safetensors file. It must fit exactly.

    Raises ConversionError that says what is wrong and, for a misspelt name, which are near.
    """
    if spec.endswith(".pt2"):
        model = _exported(Path(spec))
    elif spec.endswith((".pth", ".pt")):
        model = _whole(Path(spec))
    elif spec.startswith("torchvision:"):
        model = _torchvision(spec.partition(":")[2])
    else:
        model = _imported(spec)
    if isinstance(model, type) or not isinstance(model, nn.Module) and callable(model):
        model = model()
    if not callable(model):
        raise ConversionError(f"{spec} is a {type(model).__name__}, not a model")
    if weights is not None:
        load_weights(model, Path(weights))
    return model.eval() if isinstance(model, nn.Module) and not spec.endswith(".pt2") else model


def _imported(spec: str) -> Any:
    place, colon, name = spec.rpartition(":")
    if not colon or not place:
        raise ConversionError(f"{spec!r} names no model; write {FORMS}")
    module = _module(place)
    if not hasattr(module, name):
        raise ConversionError(f"{place} has no {name!r}{_near(name, vars(module))}")
    return getattr(module, name)


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        sys.path.insert(0, "")
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise ConversionError(f"cannot import {place}: {error}") from error
        finally:
            sys.path.remove("")
    path = Path(place)
    if not path.is_file():
        raise ConversionError(f"there is no file {place}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _near(name: str, names: Any) -> str:
    import difflib

    near = difflib.get_close_matches(name, [n for n in names if not n.startswith("_")], 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _exported(path: Path) -> Callable[..., Any]:
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    try:
        return torch.export.load(path).module()
    except (RuntimeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConversionError(f"{path} is no exported program: {error}") from error


def _whole(path: Path) -> nn.Module:
    """A model that was pickled whole. Only classes and functions of KNOWN packages are let in: no other code runs."""
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except DAMAGED as error:
        raise _unreadable(path, error) from error
    if any(name.startswith("torchvision.") for name in names):
        torchvision_models()
    found = {name: _harmless(name) for name in names}
    if strange := [name for name, thing in found.items() if thing is None]:
        raise ConversionError(
            f"{path} is a whole model that needs {', '.join(strange)}, and reading it would run their code; save "
            "model.state_dict() instead and name the model: path/file.py:callable with --weights"
        )
    with torch.serialization.safe_globals([thing for thing in found.values() if thing is not None]):
        try:
            model = torch.load(path, map_location="cpu", weights_only=True)
            if isinstance(model, nn.Module):
                model.eval()  # which a damaged one cannot
        except DAMAGED as error:
            raise _unreadable(path, error) from error
    if not isinstance(model, nn.Module):
        raise ConversionError(f"{path} holds no model but {type(model).__name__}: give it as --weights of a model")
    return model


def _unreadable(path: Path, error: Exception) -> ConversionError:
    with path.open("rb") as file:
        old = file.read(2) == b"\x80\x02"
    if old:
        hint = "a file of PyTorch before 1.6, or no model: torch.load it and torch.save it anew, or save its state_dict"
        return ConversionError(f"{path} cannot be read: {hint}")
    return ConversionError(f"{path} cannot be read: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


def _harmless(name: str) -> Any:
    """What a pickle means by a dotted name, if that is a module's class or a torch function; else None."""
    module, _, attribute = name.rpartition(".")
    if name == "functools.partial":
        return functools.partial
    if not name.startswith(KNOWN):
        return None
    try:
        thing = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    own = getattr(thing, "__module__", None) == module
    is_module = isinstance(thing, type) and issubclass(thing, nn.Module)
    is_function = module == "torch.nn.functional" and callable(thing)
    return thing if own and (is_module or is_function) else None


def torchvision_models() -> Any:
    """The module torchvision.models, also where torchvision was built for another torch than the one installed.

    torchvision registers compiled operators for detection when it is imported. Its classification models need none
    of them, so where the compiled part does not load, declaring the operators is enough.
    """
    try:
        return importlib.import_module("torchvision.models")
    except ImportError as error:
        raise ConversionError("torchvision is not installed: pip install torchvision") from error
    except RuntimeError:
        _declare_operators()
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        return importlib.import_module("torchvision.models")


_LIBRARY: list[Any] = []
_OPERATORS = ["nms", "qnms", "roi_align", "qroi_align", "ps_roi_align", "roi_pool", "ps_roi_pool", "deform_conv2d"]


def _declare_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in _OPERATORS:
        for full in (name, f"_{name}_backward"):
            if not hasattr(torch.ops.torchvision, full):
                library.define(f"{full}(Tensor a) -> Tensor")
    _LIBRARY.append(library)  # it undoes its definitions when it is collected


def _torchvision(name: str) -> Any:
    models = torchvision_models()
    known = models.list_models()
    if name not in known:
        raise ConversionError(f"torchvision has no model {name!r}{_near(name, known)}")
    arguments: dict[str, Any] = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    if name in ("fcn_resnet50", "fcn_resnet101", "lraspp_mobilenet_v3_large") or name.startswith("deeplabv3"):
        arguments = {"weights_backbone": None}
    return models.get_model(name, weights=None, **arguments)


def load_weights(model: Any, path: Path) -> None:
    """Loads a state_dict from `path` into `model`. Raises ConversionError if it does not fit exactly."""
    if not isinstance(model, nn.Module):
        raise ConversionError(f"--weights needs an nn.Module, this is a {type(model).__name__}")
    state = _read_state(path)
    if set(state) != set(model.state_dict()) and all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): tensor for key, tensor in state.items()}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ConversionError(f"{path} does not fit the model: {error}") from error


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    if path.suffix == ".safetensors":
        try:
            from safetensors.torch import load_file
        except ImportError as error:
            raise ConversionError("reading .safetensors needs: pip install safetensors") from error
        return load_file(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ConversionError(
            f"{path} holds more than weights (a whole pickled model, perhaps), which could run code when read; "
            "save model.state_dict() instead"
        ) from error
    except DAMAGED as error:
        raise _unreadable(path, error) from error
    for key in ("state_dict", "model"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not all(isinstance(t, torch.Tensor) for t in loaded.values()):
        raise ConversionError(f"{path} holds no state_dict but {type(loaded).__name__}")
    return dict(loaded)

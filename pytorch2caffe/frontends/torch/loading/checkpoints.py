"""Weights from the files that training leaves behind, and whole models; nothing in them is ever run."""

from __future__ import annotations

import functools
import importlib
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ....errors import ConversionError
from . import safe_unpickler as inert
from .torchvision_models import torchvision_models

KNOWN = ("torch.nn.", "torchvision.models.", "torchvision.ops.")  # whose classes a whole model may be made of
# What torch.load raises for files that are none of its own, or no more.
DAMAGED = (OSError, *inert.BROKEN)
SHOWN = 4
State = dict[str, torch.Tensor]


def load_weights(model: Any, path: Path, key: str | None = None) -> None:
    """Loads the weights in `path` into `model`.

    path: a state_dict by itself or beside other things in a checkpoint; a whole model; a .safetensors file. What
          wrappers put before all names (`module.`, `_orig_mod.`, `model.`) is taken off.
    key:  which entry of a checkpoint holds them, where several would fit.

    Raises ConversionError if there are none, or if they do not fit exactly.
    """
    if not isinstance(model, nn.Module):
        raise ConversionError(f"--weights needs an nn.Module, this is a {type(model).__name__}")
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    names = set(model.state_dict())
    found = _safetensors(path) if path.suffix == ".safetensors" else _states(path)
    state = _unwrapped(_chosen(found, names, path, key), names)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ConversionError(
            f"{path} does not fit the model {type(model).__name__}:\n{_misfit(state, model) or error}"
        ) from error


def _safetensors(path: Path) -> dict[str, State]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ConversionError("reading .safetensors needs: pip install safetensors") from error
    try:
        return {"": load_file(path)}
    except (SafetensorError, *DAMAGED) as error:
        raise _unreadable(path, error) from error


def _states(path: Path) -> dict[str, State]:
    """The sets of weights in a file of torch.save, by their key in it; "" if it is nothing else."""
    inert.check_archive(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not inert.is_archive(path):
            raise _unreadable(path, error) from error
        loaded = inert.read(path)
    except DAMAGED as error:
        raise _unreadable(path, error) from error
    if (whole := _state(loaded)) is not None:
        return {"": whole}
    parts = {str(key): _state(item) for key, item in loaded.items()} if isinstance(loaded, Mapping) else {}
    found = {key: state for key, state in parts.items() if state}
    if not found:
        inside = f"a dict of {', '.join(list(parts)[:8])}" if parts else type(loaded).__name__
        raise ConversionError(f"{path} holds no weights but {inside}: save model.state_dict()")
    return found


def _state(item: Any) -> State | None:
    if isinstance(item, inert.Lifeless):
        return inert.state_of(item)
    if isinstance(item, Mapping) and all(isinstance(tensor, torch.Tensor) for tensor in item.values()):
        return {str(name): tensor for name, tensor in item.items()}
    return None


def _chosen(found: dict[str, State], names: set[str], path: Path, key: str | None) -> State:
    """The one to load: that of the key, the only one, or the only one that fits."""
    listed = ", ".join(found)
    if key is not None:
        if key not in found:
            raise ConversionError(f"{path} has no weights under {key!r}" + (f"; it has {listed}" if listed else ""))
        return found[key]
    fitting = {key: state for key, state in found.items() if _fits(_unwrapped(state, names), names)}
    if len(fitting) > 1:
        raise ConversionError(
            f"{path} holds several sets of weights that fit, {', '.join(fitting)}: say which by --weights-key"
        )
    if len(found) > 1 and not fitting and "state_dict" not in found:
        raise ConversionError(f"{path} holds {listed}, and none has the model's names: say which by --weights-key")
    return next(iter(fitting.values() or ([found["state_dict"]] if "state_dict" in found else found.values())))


def _fits(state: State, names: set[str]) -> bool:
    return {name for name in names ^ set(state) if not name.endswith("num_batches_tracked")} == set()


def _unwrapped(state: State, names: set[str]) -> State:
    """`state` under the model's names, if all that it takes is to drop what stands before every one of them."""
    if _fits(state, names) or not names:
        return state
    last = min(names)
    for prefix in {key.removesuffix(last) for key in state if key.endswith(f".{last}")}:
        shorter = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
        if all(key.startswith(prefix) for key in state) and _fits(shorter, names):
            return shorter
    return state


def _misfit(state: State, model: nn.Module) -> str:
    """What stands in the way, a line for each kind."""
    own = model.state_dict()
    shapes = [
        f"{name} is {_shape(state[name])}, the model's {_shape(tensor)}"
        for name, tensor in own.items()
        if name in state and isinstance(tensor, torch.Tensor) and state[name].shape != tensor.shape
    ]
    kinds = {
        "missing": [name for name in own if name not in state and not name.endswith("num_batches_tracked")],
        "not in the model": [name for name in state if name not in own],
        "of another shape": shapes,
    }
    lines = [f"  {kind}, {len(items)} of {len(own)}: {_few(items)}" for kind, items in kinds.items() if items]
    fix = "make the model with the settings it was trained with: path/file.py:make(classes=7) takes arguments"
    return "\n".join([*lines, f"  fix: {fix}"]) if lines else ""


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def _few(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def load_whole(path: Path) -> nn.Module:
    """A model that was pickled whole. Only classes and functions of KNOWN packages are let in: no other code runs."""
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    inert.check_archive(path)
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except DAMAGED as error:
        raise _unreadable(path, error) from error
    if any(name.startswith("torchvision.") for name in names):
        torchvision_models()
    found = {name: _harmless(name) for name in names}
    if strange := [name for name, thing in found.items() if thing is None]:
        raise ConversionError(
            f"{path} needs {_few(strange)}, and reading it would run their code; name the model, path/file.py:Net, and "
            f"give this file as its weights: --weights {path}"
        )
    with torch.serialization.safe_globals([thing for thing in found.values() if thing is not None]):
        try:
            model = torch.load(path, map_location="cpu", weights_only=True)
            if isinstance(model, nn.Module):
                model.eval()  # which a damaged one cannot
        except DAMAGED as error:
            raise _unreadable(path, error) from error
    if not isinstance(model, nn.Module):
        raise ConversionError(
            f"{path} holds no model but {type(model).__name__}; name the model, path/file.py:Net, and give this file "
            f"as its weights: --weights {path}"
        )
    return model


def _unreadable(path: Path, error: Exception) -> ConversionError:
    with path.open("rb") as file:
        head = file.read(2)
    if not head:
        return ConversionError(f"{path} is empty")
    if head == b"\x80\x02":
        hint = "cut off, or a whole model of PyTorch before 1.6: torch.load it and torch.save it anew"
        return ConversionError(f"{path} cannot be read: {hint}")
    if head == b"PK" and not inert.is_archive(path):
        return ConversionError(f"{path} cannot be read: its end is missing or damaged, as after an interrupted copy")
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

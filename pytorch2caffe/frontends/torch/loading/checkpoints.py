"""Weights from the files that training writes, and complete models; no code in them is run."""

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
from . import safe_unpickler
from .torchvision_models import torchvision_models

TRUSTED_PACKAGES = ("torch.nn.", "torchvision.models.", "torchvision.ops.")  # a complete model may have their classes
# What torch.load raises for damaged files and those that torch.save did not write.
DAMAGED_FILE = (OSError, *safe_unpickler.DAMAGED_ARCHIVE)
MAX_LISTED = 4
State = dict[str, torch.Tensor]


def load_weights(model: Any, path: Path, key: str | None = None) -> None:
    """Loads the weights in `path` into `model`.

    path: a state_dict, alone or as an entry of a checkpoint; a complete model; a .safetensors file. A prefix that all
          names have because of a wrapper (`module.`, `_orig_mod.`, `model.`) is removed.
    key:  the entry of a checkpoint that contains them, if several would fit.

    Raises ConversionError if the file has no weights, or if they do not fit exactly.
    """
    if not isinstance(model, nn.Module):
        raise ConversionError(
            f"a {type(model).__name__} is not an nn.Module, and has no weights to load: omit --weights"
        )
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    names = set(model.state_dict())
    states = _safetensors(path) if path.suffix == ".safetensors" else _pickled_states(path)
    state = _without_prefix(_choose(states, names, path, key), names)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ConversionError(
            f"{path} does not fit the model {type(model).__name__}:\n{_mismatch(state, model) or error}"
        ) from error


def _safetensors(path: Path) -> dict[str, State]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ConversionError("reading .safetensors needs: pip install safetensors") from error
    try:
        return {"": load_file(path)}
    except (SafetensorError, *DAMAGED_FILE) as error:
        raise _unreadable(path, error) from error


def _pickled_states(path: Path) -> dict[str, State]:
    """The sets of weights in a file of torch.save, by their key in it; "" for a file that is one set."""
    safe_unpickler.check_archive(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not safe_unpickler.is_archive(path):
            raise _unreadable(path, error) from error
        loaded = safe_unpickler.load_archive(path)
    except DAMAGED_FILE as error:
        raise _unreadable(path, error) from error
    if (state := _as_state(loaded)) is not None:
        return {"": state}
    entries = {str(key): _as_state(item) for key, item in loaded.items()} if isinstance(loaded, Mapping) else {}
    states = {key: state for key, state in entries.items() if state}
    if not states:
        content = f"a dict of {', '.join(list(entries)[:8])}" if entries else type(loaded).__name__
        raise ConversionError(f"{path} contains no weights but {content}: save model.state_dict()")
    return states


def _as_state(item: Any) -> State | None:
    if isinstance(item, safe_unpickler.OpaqueObject):
        return safe_unpickler.state_of(item)
    if isinstance(item, Mapping) and all(isinstance(tensor, torch.Tensor) for tensor in item.values()):
        return {str(name): tensor for name, tensor in item.items()}
    return None


def _choose(states: dict[str, State], names: set[str], path: Path, key: str | None) -> State:
    """The one to load: that of the key, the only one, or the only one that fits."""
    listed = ", ".join(states)
    if key is not None:
        if key not in states:
            raise ConversionError(f"{path} has no weights under {key!r}" + (f"; it has {listed}" if listed else ""))
        return states[key]
    fitting = {key: state for key, state in states.items() if _fits(_without_prefix(state, names), names)}
    if len(fitting) > 1:
        listed = ", ".join(fitting)
        raise ConversionError(f"{path} contains several sets of weights that fit, {listed}: choose by --weights-key")
    if fitting:
        return next(iter(fitting.values()))
    if len(states) > 1 and "state_dict" not in states:
        raise ConversionError(f"{path} contains {listed}, and none has the model's names: choose by --weights-key")
    return states.get("state_dict", next(iter(states.values())))


def _fits(state: State, names: set[str]) -> bool:
    return {name for name in names ^ set(state) if not name.endswith("num_batches_tracked")} == set()


def _without_prefix(state: State, names: set[str]) -> State:
    """`state` without the prefix of its names, if it then has the model's names."""
    if _fits(state, names) or not names:
        return state
    last = min(names)
    for prefix in {key.removesuffix(last) for key in state if key.endswith(f".{last}")}:
        shorter = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
        if all(key.startswith(prefix) for key in state) and _fits(shorter, names):
            return shorter
    return state


def _mismatch(state: State, model: nn.Module) -> str:
    """What does not fit, a line for each kind."""
    own = model.state_dict()
    shapes = [
        f"{name} is {_shape(state[name])}, the model's {_shape(tensor)}"
        for name, tensor in own.items()
        if name in state and isinstance(tensor, torch.Tensor) and state[name].shape != tensor.shape
    ]
    kinds = {
        "missing": [name for name in own if name not in state and not name.endswith("num_batches_tracked")],
        "not in the model": [name for name in state if name not in own],
        "of a different shape": shapes,
    }
    lines = [f"  {kind}, {len(items)} of {len(own)}: {_shortened(items)}" for kind, items in kinds.items() if items]
    fix = "create the model with the settings of the training: path/file.py:make(classes=7) accepts arguments"
    return "\n".join([*lines, f"  fix: {fix}"]) if lines else ""


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def _shortened(items: Sequence[str]) -> str:
    more = len(items) - MAX_LISTED
    return ", ".join(items[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def load_pickled_model(path: Path) -> nn.Module:
    """A complete model saved by torch.save, made of classes and functions of TRUSTED_PACKAGES: no other code runs."""
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    safe_unpickler.check_archive(path)
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except DAMAGED_FILE as error:
        raise _unreadable(path, error) from error
    if any(name.startswith("torchvision.") for name in names):
        torchvision_models()
    allowed = {name: _safe_global(name) for name in names}
    if unknown := [name for name, item in allowed.items() if item is None]:
        raise ConversionError(
            f"{path} needs {_shortened(unknown)}, and reading it would run their code: name the model, "
            f"path/file.py:Net, and give this file as its weights, --weights {path}"
        )
    with torch.serialization.safe_globals([item for item in allowed.values() if item is not None]):
        try:
            model = torch.load(path, map_location="cpu", weights_only=True)
            if isinstance(model, nn.Module):
                model.eval()  # fails for a damaged one
        except DAMAGED_FILE as error:
            raise _unreadable(path, error) from error
    if not isinstance(model, nn.Module):
        raise ConversionError(
            f"{path} is not a model but a {type(model).__name__}: name the model, path/file.py:Net, and give this "
            f"file as its weights, --weights {path}"
        )
    return model


def _unreadable(path: Path, error: Exception) -> ConversionError:
    with path.open("rb") as file:
        head = file.read(2)
    if not head:
        return ConversionError(f"{path} is empty")
    if head == b"\x80\x02":
        hint = "truncated, or a complete model of PyTorch before 1.6: load it with torch.load and save it again"
        return ConversionError(f"{path} cannot be read: {hint}")
    if head == b"PK" and not safe_unpickler.is_archive(path):
        return ConversionError(f"{path} cannot be read: its end is missing or damaged: copy it again")
    return ConversionError(f"{path} cannot be read: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


def _safe_global(name: str) -> Any:
    """The module class or torch function that a dotted name in a pickle refers to; None for anything else."""
    module, _, attribute = name.rpartition(".")
    if name == "functools.partial":
        return functools.partial
    if not name.startswith(TRUSTED_PACKAGES):
        return None
    try:
        item = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    own = getattr(item, "__module__", None) == module
    is_module = isinstance(item, type) and issubclass(item, nn.Module)
    is_function = module == "torch.nn.functional" and callable(item)
    return item if own and (is_module or is_function) else None

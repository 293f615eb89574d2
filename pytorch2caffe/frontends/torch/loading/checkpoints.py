"""Weights from the files that training writes, and complete models; no code in them is run."""

from __future__ import annotations

import functools
import importlib
import io
import pickle
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ....errors import ConversionError, reading
from ....formats.npy import read_npz
from . import safe_unpickler
from .fitting import State, choose, shortened
from .numpy_arrays import NumpyArray
from .pickled_calls import check_calls
from .torchvision_models import torchvision_models

TRUSTED_PACKAGES = ("torch.nn.", "torchvision.models.", "torchvision.ops.")  # a complete model may have their classes
# What torch.load raises for damaged files and those that torch.save did not write.
DAMAGED_FILE = (OSError, *safe_unpickler.DAMAGED_ARCHIVE)
SAVE = "save model.state_dict() with torch.save"
MAX_NESTING = 3  # dicts in dicts: checkpoint["model"]["state_dict"]
MOST_COMPRESSION = 100  # of an .npz file


def load_weights(model: Any, path: Path, key: str | None = None, allow_extra_keys: bool = False) -> list[str]:
    """Loads the weights in `path` into `model`, and returns the names in the file that it left out.

    path: a state_dict of tensors or numpy arrays, alone or within a checkpoint; a complete model; a .safetensors or
          .npz file. A prefix of a wrapper (`module.`, `_orig_mod.`, `model.`) is removed from the names.
    key:  the entry of a checkpoint that contains them, or the prefix of their names, if several would fit.
    allow_extra_keys: leaves out weights that the model does not have. Counters of tools (COUNTERS) always are.

    Raises ConversionError if the file has no weights, or if they do not fit exactly.
    """
    if not isinstance(model, nn.Module):
        raise ConversionError(
            f"a {type(model).__name__} is not an nn.Module, and has no weights to load: omit --weights"
        )
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    with reading(path, "a file of weights", SAVE):
        levels = _levels(path)
    chosen = choose({key: state for level in levels for key, state in level.items()}, {*model.state_dict()}, path, key)
    if chosen is None:
        _load(model, _nearest(levels, path, key), path)
        return []
    if not chosen.unknown or allow_extra_keys:
        _load(model, chosen.state, path)
        return list(chosen.extra)
    _load(model, chosen.state | chosen.unknown, path)  # a model's own hook may rename or remove them
    return [name for name in chosen.extra if name not in chosen.unknown]


def _load(model: nn.Module, state: State, path: Path) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ConversionError(
            f"{path} does not fit the model {type(model).__name__}:\n{_mismatch(state, model) or error}"
        ) from error


def _nearest(levels: Sequence[dict[str, State]], path: Path, key: str | None) -> State:
    """The weights to compare with the model in an error, where none has all of its names."""
    states = levels[0]
    if key is not None:
        return next(level[key] for level in levels if key in level)
    if len(states) > 1 and "state_dict" not in states:
        listed = ", ".join(states)
        raise ConversionError(f"{path} contains {listed}, and none has the model's names: choose by --weights-key")
    return states.get("state_dict", next(iter(states.values())))


def _levels(path: Path) -> list[dict[str, State]]:
    """The sets of weights in a file, by their key in it, "" for a file that is one set; dicts in dicts come later."""
    if path.suffix == ".safetensors":
        return [_safetensors(path)]
    if path.suffix == ".npz":
        return [_npz(path)]
    return _pickled(path)


def _npz(path: Path) -> dict[str, State]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_COMPRESSION * path.stat().st_size:
            raise ConversionError(f"{path} unpacks to {size:,} bytes, which weights do not: save it with numpy.savez")
        return {"": {name: torch.from_numpy(array.copy()) for name, array in read_npz(path.read_bytes()).items()}}
    except DAMAGED_FILE as error:
        raise _unreadable(path, error) from error


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


def _pickled(path: Path) -> list[dict[str, State]]:
    """The sets of weights in a file of torch.save, or of pickle.dump."""
    safe_unpickler.check_archive(path)
    try:
        loaded = torch.load(_source(path), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if safe_unpickler.is_archive(path):
            loaded = safe_unpickler.load_archive(path)
        elif not isinstance(loaded := safe_unpickler.load_plain(path), Mapping):
            raise _unreadable(path, error) from error
    except DAMAGED_FILE as error:
        raise _unreadable(path, error) from error
    if (state := _as_state(loaded)) is not None:
        return [{"": state}]
    levels = [level for level in _nested(loaded) if level]
    if not levels:
        content = f"a dict of {', '.join(map(str, [*loaded][:8]))}" if isinstance(loaded, Mapping) and loaded else ""
        content = content or type(loaded).__name__
        raise ConversionError(f"{path} contains no weights but {content}: save model.state_dict()")
    return levels


def _nested(loaded: Any) -> Iterator[dict[str, State]]:
    """The sets of weights among the entries of a checkpoint, then among the entries of its entries, ..."""
    entries = _entries(loaded)
    for _ in range(MAX_NESTING):
        states = {key: _as_state(item) for key, item in entries.items()}
        yield {key: state for key, state in states.items() if state}
        inner = {key: item for key, item in entries.items() if states[key] is None}
        entries = {f"{key}.{name}": value for key, item in inner.items() for name, value in _entries(item).items()}


def _entries(item: Any) -> dict[str, Any]:
    """The entries of a dict, or the attributes of an object that is not a module."""
    item = item.state if isinstance(item, safe_unpickler.OpaqueObject) else item
    return {str(key): value for key, value in item.items()} if isinstance(item, Mapping) else {}


def _as_state(item: Any) -> State | None:
    """The weights in a complete model, or in a dict of tensors or arrays only; None for anything else."""
    if isinstance(item, safe_unpickler.OpaqueObject):
        return safe_unpickler.state_of(item)
    if not isinstance(item, Mapping):
        return None
    items = {str(name): each.tensor if isinstance(each, NumpyArray) else each for name, each in item.items()}
    tensors = {name: each for name, each in items.items() if isinstance(each, torch.Tensor)}
    return tensors if len(tensors) == len(items) else None


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
    lines = [f"  {kind}, {len(items)} of {len(own)}: {shortened(items)}" for kind, items in kinds.items() if items]
    fix = "create the model with the settings of the training: path/file.py:make(classes=7) accepts arguments"
    if kinds["not in the model"] and len(lines) == 1:
        fix += "; or leave out what only training needs: --allow-extra-keys"
    return "\n".join([*lines, f"  fix: {fix}"]) if lines else ""


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def load_pickled_model(path: Path) -> nn.Module:
    """A complete model saved by torch.save, made of classes and functions of TRUSTED_PACKAGES: no other code runs."""
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    with reading(path, "a complete model", SAVE):
        return _complete_model(path)


def _complete_model(path: Path) -> nn.Module:
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
            f"{path} needs {shortened(unknown)}, and reading it would run their code: name the model, "
            f"path/file.py:Net, and give this file as its weights, --weights {path}"
        )
    with torch.serialization.safe_globals([item for item in allowed.values() if item is not None]):
        try:
            check_calls(path)
            model = torch.load(_source(path), map_location="cpu", weights_only=True)
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


def _source(path: Path) -> Path | io.BytesIO:
    """What torch.load is to read: an old file's content, so that a size in it claims no more than there is."""
    return path if safe_unpickler.is_archive(path) else io.BytesIO(path.read_bytes())


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
    # torch's own text advises weights_only=False, which runs the code in a file
    reason = "it is not a file of torch.save, .npz or .safetensors, or it is damaged"
    return ConversionError(f"{path} cannot be read: {reason}\n  fix: save model.state_dict() with torch.save")


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

"""What torch.save wrote, read without running any of it: tensors, dicts and lists; all other objects stay lifeless.

For checkpoints in which a trainer kept its settings beside the weights, and for whole models: their weights can be had
without their classes. The file is a zip of one pickle, `data.pkl`, and the bytes of each storage, `data/0` ...
Source: torch/serialization.py.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ....errors import ConversionError

LARGEST_PICKLE = 1 << 26  # bytes; that of a network of a thousand layers has some 200,000
MOST_NAMES = 1_000_000
STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
BROKEN = (
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    EOFError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
)


class Lifeless:
    """An object of a class that is not known here. state: its attributes, if they are a dict."""

    state: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes and forgets what its class would have been given."""

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forgets it."""

    def append(self, item: Any) -> None:
        """Forgets it."""

    extend = add = append


class _Rebuild:
    """A function that a pickle may call; nothing about it can be set."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("state for a function")


def _tensor(storage: torch.Tensor, offset: int, size: Any, stride: Any, *_: Any) -> torch.Tensor:
    return torch.as_strided(storage, tuple(size), tuple(stride), offset)


def _parameter(tensor: torch.Tensor, *_: Any) -> torch.Tensor:
    return tensor


CALLABLE: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
}
HARMLESS: dict[tuple[str, str], type] = {
    ("collections", "OrderedDict"): OrderedDict,
    **{(module, kind.__name__): kind for module in ("builtins", "__builtin__") for kind in (set, frozenset)},
}


class _Reader(pickle._Unpickler):  # type: ignore[name-defined]  # in Python: the one in C takes 32 GB for one byte
    def __init__(self, text: bytes, storage: Callable[..., torch.Tensor]) -> None:
        super().__init__(io.BytesIO(text), encoding="utf-8")
        self.storage = storage

    def persistent_load(self, pid: Any) -> torch.Tensor:
        return self.storage(pid)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in CALLABLE:
            return _Rebuild(CALLABLE[module, name])
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        return HARMLESS.get((module, name)) or type(f"{module}.{name}"[:100], (Lifeless,), {})


def read(path: Path) -> Any:
    """The object in a file of torch.save; what is no tensor, number, text or container of them is Lifeless.

    Raises ConversionError if it is no such file, or a damaged one.
    """
    check_archive(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2]: name for name in archive.namelist()}
            storages: dict[Any, torch.Tensor] = {}
            if "data.pkl" not in names or archive.getinfo(names["data.pkl"]).file_size > LARGEST_PICKLE:
                raise ConversionError(f"{path} is no file of torch.save")

            def storage(what: tuple[Any, ...]) -> torch.Tensor:
                kind, dtype, key = what[:3]
                if kind != "storage" or not isinstance(dtype, torch.dtype):
                    raise pickle.UnpicklingError(f"numbers of an unknown kind: {str(dtype)[:50]}")
                if (key, dtype) not in storages:
                    data = bytearray(archive.read(names[f"data/{key}"]))
                    storages[key, dtype] = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
                return storages[key, dtype]

            if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
                raise ConversionError(f"{path} was written on a machine of another byte order")
            return _Reader(archive.read(names["data.pkl"]), storage).load()
    except BROKEN as error:
        raise ConversionError(f"{path} cannot be read: {type(error).__name__}: {str(error)[:100]}") from error


def check_archive(path: Path) -> None:
    """Raises ConversionError for an archive that unpacks to more than it is, or holds a TorchScript program.

    torch.save stores and never compresses: a compressed archive is none of its own. What is no zip passes.
    """
    if not is_archive(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise ConversionError(f"{path} cannot be read: {error}") from error
    if any(member.filename.endswith("/constants.pkl") for member in members):
        raise ConversionError(
            f"{path} is a TorchScript program (torch.jit.save), whose code does not run in Python; save the state_dict "
            "of the nn.Module that it was made from"
        )
    if any(member.compress_type != zipfile.ZIP_STORED for member in members) or (
        sum(member.file_size for member in members) > path.stat().st_size
    ):
        raise ConversionError(f"{path} is a compressed archive, which torch.save never writes: unpack it first")


def is_archive(path: Path) -> bool:
    """Whether a file is a whole zip; one whose directory is damaged or missing is none."""
    try:
        return zipfile.is_zipfile(path)
    except BROKEN:
        return False


def state_of(module: Lifeless) -> dict[str, torch.Tensor] | None:
    """The state_dict of a whole model that was read lifeless; None if it is no module."""
    found: dict[str, torch.Tensor] = {}
    return found if "_modules" in module.state and _collect(module, "", found, [MOST_NAMES]) else None


def _collect(module: Any, prefix: str, found: dict[str, torch.Tensor], left: list[int]) -> bool:
    state = module.state if isinstance(module, Lifeless) else {}
    parts = [state.get(name) for name in ("_parameters", "_buffers", "_modules")]
    if not all(isinstance(part, Mapping) for part in parts):
        return False
    passing = state.get("_non_persistent_buffers_set") or ()
    for tensors in parts[:2]:
        found |= {
            prefix + str(name): tensor
            for name, tensor in tensors.items()  # type: ignore[union-attr]
            if isinstance(tensor, torch.Tensor) and name not in passing
        }
    children = [(name, child) for name, child in parts[2].items() if child is not None]  # type: ignore[union-attr]
    left[0] -= len(children)
    return left[0] > 0 and all(_collect(child, f"{prefix}{name}.", found, left) for name, child in children)

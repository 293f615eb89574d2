"""Reads what torch.save wrote without running its code: tensors, arrays, dicts, lists; other objects become opaque.

For checkpoints that contain a trainer's settings beside the weights, and for the weights of complete models, which are
read without their classes. The file is a zip of one pickle, `data.pkl`, and the bytes of each storage, `data/0` ...
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
from typing import Any, ClassVar

import torch

from ....errors import ConversionError
from .numpy_arrays import NUMPY_FUNCTIONS

MAX_PICKLE_BYTES = 1 << 26  # a network of a thousand layers has about 200,000
MAX_MODULES = 1_000_000
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
DAMAGED_ARCHIVE = (
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


class OpaqueObject:
    """An object of an unknown class, which is not instantiated. state: its attributes, if they are a dict."""

    state: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ignores the arguments."""

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}

    def __setitem__(self, key: Any, value: Any) -> None:
        """Ignores it."""

    def append(self, item: Any) -> None:
        """Ignores it."""

    extend = add = append


class _RebuildFunction:
    """A function that a pickle may call; no attribute of it can be set."""

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


REBUILD_FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
}
SAFE_CLASSES: dict[tuple[str, str], type] = {
    ("collections", "OrderedDict"): OrderedDict,
    **{(module, kind.__name__): kind for module in ("builtins", "__builtin__") for kind in (set, frozenset)},
}


class BoundedUnpickler(pickle._Unpickler):  # type: ignore[name-defined]
    """Python's own implementation: the one in C allocates 32 GB for one byte. A size claims no more than there is."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def load_bytearray8(self: Any) -> None:
        """As in Python, which allocates what the size says before it reads."""
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


class _SafeUnpickler(BoundedUnpickler):
    def __init__(self, text: bytes, storage: Callable[..., torch.Tensor]) -> None:
        super().__init__(io.BytesIO(text), encoding="utf-8")
        self.storage = storage

    def persistent_load(self, pid: Any) -> torch.Tensor:
        return self.storage(pid)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in REBUILD_FUNCTIONS:
            return _RebuildFunction(REBUILD_FUNCTIONS[module, name])
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if (module, name) in NUMPY_FUNCTIONS:
            return _RebuildFunction(NUMPY_FUNCTIONS[module, name])
        return SAFE_CLASSES.get((module, name)) or type(f"{module}.{name}"[:100], (OpaqueObject,), {})


def load_archive(path: Path) -> Any:
    """The object in a file of torch.save; anything but tensors, numbers, strings and containers is an OpaqueObject.

    Raises ConversionError if the file is damaged or was not written by torch.save.
    """
    check_archive(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2]: name for name in archive.namelist()}
            storages: dict[Any, torch.Tensor] = {}
            if "data.pkl" not in names or archive.getinfo(names["data.pkl"]).file_size > MAX_PICKLE_BYTES:
                raise ConversionError(f"{path} is not a file of torch.save: save model.state_dict()")

            def storage(pid: tuple[Any, ...]) -> torch.Tensor:
                kind, dtype, key = pid[:3]
                if kind != "storage" or not isinstance(dtype, torch.dtype):
                    raise pickle.UnpicklingError(f"a storage of unknown type: {str(dtype)[:50]}")
                if (key, dtype) not in storages:
                    data = bytearray(archive.read(names[f"data/{key}"]))
                    storages[key, dtype] = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
                return storages[key, dtype]

            if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
                raise ConversionError(
                    f"{path} was written on a big-endian machine: save it again on a little-endian one"
                )
            return _SafeUnpickler(archive.read(names["data.pkl"]), storage).load()
    except DAMAGED_ARCHIVE as error:
        raise ConversionError(f"{path} cannot be read: {type(error).__name__}: {str(error)[:100]}") from error


def load_plain(path: Path) -> Any:
    """The object in a file of pickle.dump, as `load_archive` reads it; None if it is damaged or has no such object."""

    def no_storage(pid: Any) -> torch.Tensor:
        raise pickle.UnpicklingError("a storage outside of an archive")

    try:
        return _SafeUnpickler(path.read_bytes(), no_storage).load()
    except DAMAGED_ARCHIVE:
        return None


def check_archive(path: Path) -> None:
    """Raises ConversionError for a compressed archive, which may expand to any size, and for a TorchScript program.

    torch.save never compresses. A file that is not a zip is accepted.
    """
    if not is_archive(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except DAMAGED_ARCHIVE as error:
        raise ConversionError(f"{path} cannot be read: {error}") from error
    if any(member.filename.endswith("/constants.pkl") for member in members):
        raise ConversionError(
            f"{path} is a TorchScript program (torch.jit.save), not weights: give it as the model, "
            f"export {path} --input-shape ..., or save the state_dict of the nn.Module that it was made from"
        )
    if any(member.compress_type != zipfile.ZIP_STORED for member in members) or (
        sum(member.file_size for member in members) > path.stat().st_size
    ):
        raise ConversionError(f"{path} is a compressed archive, which torch.save never writes: unpack it first")


def is_archive(path: Path) -> bool:
    """Whether a file is a complete zip: its directory is neither damaged nor missing."""
    try:
        return zipfile.is_zipfile(path)
    except DAMAGED_ARCHIVE:
        return False


def state_of(module: OpaqueObject) -> dict[str, torch.Tensor] | None:
    """The state_dict of a complete model that was read as an opaque object; None if it is not a module."""
    tensors: dict[str, torch.Tensor] = {}
    return tensors if "_modules" in module.state and _collect(module, "", tensors, [MAX_MODULES]) else None


def _collect(module: Any, prefix: str, collected: dict[str, torch.Tensor], modules_left: list[int]) -> bool:
    """Adds the tensors of a module and its children to `collected`. Returns False if one of them is not a module."""
    state = module.state if isinstance(module, OpaqueObject) else {}
    parameters, buffers, modules = (state.get(name) for name in ("_parameters", "_buffers", "_modules"))
    if not (isinstance(parameters, Mapping) and isinstance(buffers, Mapping) and isinstance(modules, Mapping)):
        return False
    non_persistent = state.get("_non_persistent_buffers_set") or ()
    for name, tensor in (*parameters.items(), *buffers.items()):
        if isinstance(tensor, torch.Tensor) and name not in non_persistent:
            collected[f"{prefix}{name}"] = tensor
    children = [(name, child) for name, child in modules.items() if child is not None]
    modules_left[0] -= len(children)
    if modules_left[0] <= 0:
        return False
    return all(_collect(child, f"{prefix}{name}.", collected, modules_left) for name, child in children)

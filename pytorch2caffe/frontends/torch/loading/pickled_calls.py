"""Complete models whose pickle calls classes or functions: torch.save writes none, and a call may claim any memory.

Linear(60000, 60000) in 366 bytes takes 14 GB. A pickle of torch.save creates modules without calling them, and gives
them their attributes.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

from .safe_unpickler import MAX_PICKLE_BYTES, BoundedUnpickler, OpaqueObject, is_archive

_MOST_OF_OLD = 4  # pickles of a file before torch 1.6: a magic number, a version, the machine, the object


class _Uncallable(OpaqueObject):
    """A class or function of torch that a pickle may name, and whose instances it may create, without arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise pickle.UnpicklingError(f"it calls {type(self).__name__}")


class _Dry(BoundedUnpickler):
    """Follows a pickle without creating anything but opaque objects."""

    def persistent_load(self, pid: Any) -> Any:
        return OpaqueObject()

    def find_class(self, module: str, name: str) -> Any:
        of_torch = module.startswith(("torch.nn.", "torchvision."))
        return type(f"{module}.{name}"[:100], (_Uncallable if of_torch else OpaqueObject,), {})


def check_calls(path: Path) -> None:
    """Raises pickle.UnpicklingError if a file of torch.save calls a class or function of torch.nn or torchvision."""
    if is_archive(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.partition("/")[2] == "data.pkl"]
            if not names or archive.getinfo(names[0]).file_size > MAX_PICKLE_BYTES:
                raise pickle.UnpicklingError("it has no pickle of a model")
            _Dry(io.BytesIO(archive.read(names[0])), encoding="utf-8").load()
        return
    with path.open("rb") as stream:
        for _ in range(_MOST_OF_OLD):
            _Dry(stream, encoding="utf-8").load()

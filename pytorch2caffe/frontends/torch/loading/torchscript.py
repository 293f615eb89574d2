"""Loads programs that torch.jit.save wrote."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from ....errors import ConversionError
from .safe_unpickler import DAMAGED_ARCHIVE, is_archive

_MOST_CODE = 64 << 20  # bytes of source: it is the only compressed part of a program
_FILE_ACCESS = re.compile(rb"\b(?:torch|aten)\.(save|from_file)\(")


def is_torchscript(path: Path) -> bool:
    """Whether a file is an archive of torch.jit.save."""
    if not is_archive(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except DAMAGED_ARCHIVE:
        return False  # the reader of a complete model says what is damaged


def load_torchscript(path: Path) -> Any:
    """The ScriptModule in a file of torch.jit.save, on the CPU and in eval mode.

    Loading may run code of the program, which can compute but, as this is checked, cannot read or write files.

    Raises ConversionError for a damaged file, one that expands to more than it is, and code that accesses files.
    """
    try:
        _check(path)
        return torch.jit.load(path, map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, *DAMAGED_ARCHIVE) as error:
        raise ConversionError(f"{path} is no TorchScript program that torch can read: {str(error)[:200]}") from error


def _check(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        code = [member for member in archive.infolist() if "/code/" in member.filename]
        data = [member for member in archive.infolist() if "/code/" not in member.filename]
        too_large = sum(member.file_size for member in code) > _MOST_CODE
        if too_large or sum(member.file_size for member in data) > path.stat().st_size:
            raise ConversionError(f"{path} expands to more than its size: torch.jit.save writes no such file")
        for member in code:
            if member.filename.endswith(".py") and (call := _FILE_ACCESS.search(archive.read(member))):
                raise ConversionError(
                    f"{path} calls torch.{call[1].decode()}, which accesses files: a network has no need to\n"
                    "  fix: save the program again without the call"
                )

"""Whether a file can be written where it is wanted."""

from __future__ import annotations

import os
from pathlib import Path

from caffe_proto import replacement_guard

from ..errors import ConversionError


def check_output_path(*paths: str | Path) -> None:
    """Raises ConversionError if files cannot be written.

    A folder is missing or read-only, a path is a folder, or a file is there that is not to be replaced.
    """
    for path in paths:
        _check(path)
    replacement_guard.get().before([Path(path).resolve() for path in paths])


def _check(path: str | Path) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise ConversionError(f"{path} cannot be written: there is no folder {folder}\n  fix: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConversionError(
            f"{path} cannot be written: folder {folder} is not writable\n  fix: choose another folder"
        )
    if Path(path).is_dir():
        raise ConversionError(f"{path} cannot be written: it is a folder\n  fix: write {path}/NAME")

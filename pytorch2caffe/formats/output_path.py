"""Whether a file can be written where it is wanted."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ConversionError


def check_output_path(path: str | Path) -> None:
    """Raises ConversionError if a file cannot be written: its folder is missing or read-only, or it is a folder."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise ConversionError(f"{path} cannot be written: there is no folder {folder}\n  fix: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConversionError(
            f"{path} cannot be written: folder {folder} is not writable\n  fix: choose another folder"
        )
    if Path(path).is_dir():
        raise ConversionError(f"{path} cannot be written: it is a folder\n  fix: write {path}/NAME")

"""Where files are to be written."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ConversionError


def check_place(path: str | Path) -> None:
    """Raises ConversionError if there is no folder for a file to be written, or if it may not be written to."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise ConversionError(f"{path} cannot be written: there is no folder {folder}\n  fix: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConversionError(f"{path} cannot be written: folder {folder} may not be written to")
    if Path(path).is_dir():
        raise ConversionError(f"{path} cannot be written: it is a folder")

"""Where images are: a path of this machine, or an address such as s3://bucket/photos, which fsspec reads."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from ..errors import ConversionError, reading


def place(text: str | Path) -> Path:
    """A path, or for `protocol://...` an object of universal_pathlib with the methods of a path.

    Raises ConversionError if a package for the protocol is missing, or there is no such protocol.
    """
    if not is_address(text):
        return Path(text)
    try:
        from upath import UPath
    except ImportError as error:
        fix = 'pip install "pytorch2caffe[remote]", and the package of the protocol, such as s3fs'
        raise ConversionError(f"{text} needs universal_pathlib\n  fix: {fix}") from error
    with reading(text, "a place", "install the package of its protocol, or give a path"):
        found: Any = UPath(text)
        found.fs  # noqa: B018 - imports that package
    return found


def is_address(text: str | Path) -> bool:
    """Whether this is protocol://... and not a path."""
    return "://" in str(text)


def files_below(folder: Path) -> list[Path]:
    """All files of a folder and its folders, sorted. Raises ConversionError if a remote one cannot be listed."""
    if isinstance(folder, os.PathLike):
        return sorted(Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    remote: Any = folder
    with reading(str(folder), "a place"):  # one listing, not a request for each file
        return [remote.with_segments(remote.fs.unstrip_protocol(name)) for name in sorted(remote.fs.find(remote.path))]


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises OSError if it cannot be read, whatever a remote file system raises."""
    if isinstance(path, os.PathLike):
        return path.read_bytes()
    try:
        with reading(str(path), "a file"):
            return path.read_bytes()
    except ConversionError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
        raise OSError(str(error)) from error

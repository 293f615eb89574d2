"""Weights in shards, `net-1-of-2.caffemodel` and so on: their names, and which of them are given.

Caffe reads no file of more than 2^31 - 1 bytes, and reads weights from any number of files, one after another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from .files import FilePath

FilePaths = FilePath | Sequence[FilePath]

_SHARD = re.compile(r"(.*)-(\d{1,4})-of-(\d{1,4})", re.DOTALL)


def weight_files(paths: FilePaths) -> list[Path]:
    """The files given as one path, as a list of paths, or as one string with commas between, as for Caffe's tools.

    An existing file with a comma in its name is that file.

    >>> [path.name for path in weight_files("net-1-of-2.caffemodel,net-2-of-2.caffemodel")]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    if not isinstance(paths, (str, os.PathLike)):
        return [Path(path) for path in paths]
    text = os.fspath(paths)
    one = "," not in text or os.path.exists(text)  # noqa: PTH110  (Path's raises for many names, one too long)
    return [Path(text)] if one else [Path(part) for part in text.split(",")]


def shard_names(path: FilePath, count: int) -> list[Path]:
    """The paths of the `count` shards of a file; of a single one the path itself, so that no shard has that name.

    >>> [path.name for path in shard_names("net.caffemodel", 2)]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    path = Path(path)
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{number}-of-{count}{path.suffix}") for number in range(1, count + 1)]


def all_shards(paths: Sequence[Path]) -> list[Path]:
    """The given files, and every shard of which they name one.

    >>> [path.name for path in all_shards([Path("net-2-of-2.caffemodel")])]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    found: dict[Path, None] = {}
    for path in paths:
        match = _SHARD.fullmatch(path.stem)
        found |= dict.fromkeys(shard_names(unsharded(path), int(match[3])) if match else [path])
    return list(found)


def unsharded(path: FilePath) -> Path:
    """The file that a shard belongs to, by its name; the path itself if it does not name a shard.

    >>> unsharded("net-2-of-2.caffemodel").name
    'net.caffemodel'
    """
    path = Path(path)
    match = _SHARD.fullmatch(path.stem)
    return path.with_name(f"{match[1]}{path.suffix}") if match else path


def stale_shards(path: FilePath, count: int) -> list[Path]:
    """Existing files of an earlier export of `path`, in fewer or more shards than the `count` of this one."""
    path = Path(path)
    current = {file.name for file in shard_names(path, count)}
    family = (other for other in sorted(path.parent.glob("*")) if unsharded(other).name == path.name)
    return [other for other in family if other.name not in current]

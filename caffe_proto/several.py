"""Weights in several files: their names, and which of them are given.

Caffe reads no file beyond 2^31 - 1 bytes, and takes weights from as many files as it is told to, one after another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from .files import FilePath

FilePaths = FilePath | Sequence[FilePath]

_NUMBERED = re.compile(r"(.*)-(\d{1,4})-of-(\d{1,4})", re.DOTALL)


def several(paths: FilePaths) -> list[Path]:
    """The files that are meant: one, several, or one string with commas between, as Caffe's own tools take them.

    A file whose name has a comma in it is that file.

    >>> [path.name for path in several("net-1-of-2.caffemodel,net-2-of-2.caffemodel")]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    if not isinstance(paths, (str, os.PathLike)):
        return [Path(path) for path in paths]
    text = os.fspath(paths)
    one = "," not in text or os.path.exists(text)  # noqa: PTH110  (Path's raises for many names, one too long)
    return [Path(text)] if one else [Path(part) for part in text.split(",")]


def numbered(path: FilePath, count: int) -> list[Path]:
    """What the files are called that stand for one: itself if it stays one, so that no part looks like the whole.

    >>> [path.name for path in numbered("net.caffemodel", 2)]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    path = Path(path)
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{number}-of-{count}{path.suffix}") for number in range(1, count + 1)]


def whole(paths: Sequence[Path]) -> list[Path]:
    """All the files that the given ones are numbered parts of; themselves, where their names tell of no others.

    >>> [path.name for path in whole([Path("net-2-of-2.caffemodel")])]
    ['net-1-of-2.caffemodel', 'net-2-of-2.caffemodel']
    """
    found: dict[Path, None] = {}
    for path in paths:
        match = _NUMBERED.fullmatch(path.stem)
        found |= dict.fromkeys(numbered(unnumbered(path), int(match[3])) if match else [path])
    return list(found)


def unnumbered(path: FilePath) -> Path:
    """The file that a numbered one is a part of; itself if it has no such name.

    >>> unnumbered("net-2-of-2.caffemodel").name
    'net.caffemodel'
    """
    path = Path(path)
    match = _NUMBERED.fullmatch(path.stem)
    return path.with_name(f"{match[1]}{path.suffix}") if match else path


def left_behind(path: FilePath, count: int) -> list[Path]:
    """The files of an earlier time, in fewer or more parts, that would lie beside the ones written now."""
    path = Path(path)
    now = {file.name for file in numbered(path, count)}
    family = (other for other in sorted(path.parent.glob("*")) if unnumbered(other).name == path.name)
    return [other for other in family if other.name not in now]

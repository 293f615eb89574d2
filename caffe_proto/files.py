"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

FilePath = str | os.PathLike[str]


class ReplacementGuard:
    """Decides whether files may be replaced, and learns which were written. This one allows everything."""

    def before(self, paths: Sequence[Path]) -> None:
        """Called before files are written; raises to keep those that are there."""

    def after(self, paths: Sequence[Path]) -> None:
        """Called once files are complete at their paths."""


ALLOW_ALL = ReplacementGuard()
replacement_guard: ContextVar[ReplacementGuard] = ContextVar("replacement_guard", default=ALLOW_ALL)


@contextlib.contextmanager
def atomic_write(path: FilePath, mode: str = "wb", encoding: str | None = None) -> Iterator[IO[Any]]:
    """Opens a file for writing that replaces `path` only after the block has succeeded.

    mode, encoding: as for open(); the mode is "w" or "wb".

    If the block raises, what was written is removed, and an existing file at `path` is unchanged.
    Raises OSError as open() does, and where `path` exists but is not a regular file.
    """
    with atomic_files(path) as (temporary,), temporary.open(mode, encoding=encoding) as stream:
        yield stream


@contextlib.contextmanager
def atomic_files(*paths: FilePath) -> Iterator[tuple[Path, ...]]:
    """Temporary names for files that replace `paths` together, after the block has succeeded.

    Yields a temporary path for each of `paths`: in the same folder, with the same suffix, not yet existing.
    If the block raises, or does not write one of the files, or one cannot be replaced, then none is replaced: the
    temporary files are removed, and existing files are unchanged. (On a file system without hard links this holds
    only for the first of them.)
    """
    targets = [Path(path).resolve() for path in paths]
    for target in targets:
        _check(target)
    replacement_guard.get().before(targets)
    pairs = [(_beside(target), target) for target in targets]
    try:
        yield tuple(temporary for temporary, _ in pairs)
        _replace_all(pairs)
        replacement_guard.get().after(targets)
    finally:
        for temporary, _ in pairs:
            temporary.unlink(missing_ok=True)


def _check(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))
    if target.exists() and not target.is_file():
        raise OSError(f"{target} exists and is not a regular file")


def _beside(target: Path) -> Path:
    suffix = target.suffix if len(target.suffix) <= 16 else ""
    return target.with_name(f".{secrets.token_hex(8)}{suffix}")


def _replace_all(pairs: list[tuple[Path, Path]]) -> None:
    for temporary, target in pairs:
        _check(target)
        if not temporary.is_file():
            raise FileNotFoundError(f"{target} was not written")
    with contextlib.ExitStack() as clean, contextlib.ExitStack() as undo:  # left from the right
        for temporary, target in pairs:
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            if len(pairs) > 1:
                _remember(target, undo, clean)
            temporary.replace(target)
        undo.pop_all()


def _remember(target: Path, undo: contextlib.ExitStack, clean: contextlib.ExitStack) -> None:
    """Makes sure that `target` is restored if one of the files after it fails."""
    if not target.exists():
        undo.callback(target.unlink, missing_ok=True)
        return
    backup = _beside(target)
    with contextlib.suppress(OSError):  # a file system without hard links
        backup.hardlink_to(target)
        clean.callback(backup.unlink, missing_ok=True)
        undo.callback(backup.replace, target)

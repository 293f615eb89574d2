"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from .interrupts import OrderlyInterrupts

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
    only for the first of them.) What is written is on the disk before it has its name. Temporary files that a process
    left when it was killed are removed by the next one that writes to the folder.

    Raises OSError with the name of the file and what was written of it, where there is no space for it.
    """
    with OrderlyInterrupts():
        targets = [Path(path).resolve() for path in paths]
        for target in targets:
            _check(target)
        replacement_guard.get().before(targets)
        for folder in {target.parent for target in targets}:
            remove_leftovers(folder)
        pairs = [(temporary_path(target), target) for target in targets]
        try:
            yield tuple(temporary for temporary, _ in pairs)
            _replace_all(pairs)
            replacement_guard.get().after(targets)
        except OSError as error:
            _name_file(error, pairs)
            raise
        finally:
            for temporary, _ in pairs:
                temporary.unlink(missing_ok=True)


NO_SPACE = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}


_NEEDS = "it needs more than"


def _name_file(error: OSError, pairs: list[tuple[Path, Path]]) -> None:
    """Lets an error name the file that was to be written, and how much space there was."""
    named = [target for temporary, target in pairs if error.filename in (str(temporary), temporary)]
    if named:
        error.filename = str(named[0])
    if error.errno not in NO_SPACE or _NEEDS in str(error.strerror):
        return
    unfinished = [pair for pair in pairs if pair[0].exists()] or pairs
    temporary, target = unfinished[-1]
    written = temporary.stat().st_size if temporary.exists() else 0
    free = shutil.disk_usage(target.parent).free
    error.filename = error.filename or str(target)
    what = f"{error.strerror}: {_NEEDS} the {written:,} bytes that were written of it"
    error.strerror = f"{what}, and {free:,} are free in {target.parent}"


_PREFIX = ".p2c"
_OLD = 24 * 3600.0  # seconds, after which a file of a process of another machine or container is a leftover


def _here() -> str:
    """The machine or container, in which a process has its number."""
    names = [os.uname().nodename] if hasattr(os, "uname") else []
    with contextlib.suppress(OSError):
        names.append(Path("/proc/self/ns/pid").readlink().name)
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:8]


def temporary_path(target: Path) -> Path:
    """A path beside `target` with its suffix, not yet existing, that `remove_leftovers` recognises."""
    suffix = target.suffix if len(target.suffix) <= 16 else ""
    return target.with_name(f"{_own_prefix()}{secrets.token_hex(8)}{suffix}")


@contextlib.contextmanager
def temporary_folder(parent: FilePath | None = None) -> Iterator[Path]:
    """A folder for the time of the block, by default where temporary files are; `remove_leftovers` recognises it."""
    parent = Path(parent or tempfile.gettempdir())
    remove_leftovers(parent)
    with tempfile.TemporaryDirectory(dir=parent, prefix=_own_prefix()) as folder:
        yield Path(folder)


def _own_prefix() -> str:
    return f"{_PREFIX}-{_here()}-{os.getpid()}-"


def remove_leftovers(folder: Path) -> None:
    """Removes what `temporary_path` named in a folder for processes that have ended."""
    for path in folder.glob(f"{_PREFIX}-*-*-*"):
        _, place, process, *_ = path.name[1:].split("-")
        with contextlib.suppress(OSError):
            ended = not _is_running(process) if place == _here() else time.time() - path.stat().st_mtime > _OLD
            if ended and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif ended:
                path.unlink()


def _is_running(process: str) -> bool:
    """Whether there is a process of this number; True if that is not known."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True


def _check(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))
    if target.exists() and not target.is_file():
        raise OSError(f"{target} exists and is not a regular file")


def _replace_all(pairs: list[tuple[Path, Path]]) -> None:
    for temporary, target in pairs:
        _check(target)
        if not temporary.is_file():
            raise FileNotFoundError(f"{target} was not written")
        _to_disk(temporary)
    with contextlib.ExitStack() as clean, contextlib.ExitStack() as undo:  # left from the right
        for temporary, target in pairs:
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            if len(pairs) > 1:
                _remember(target, undo, clean)
            temporary.replace(target)
        undo.pop_all()
    for folder in {target.parent for _, target in pairs}:
        with contextlib.suppress(OSError):  # not all systems open folders
            _to_disk(folder)


def _to_disk(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no such request
            raise
    finally:
        os.close(descriptor)


def _remember(target: Path, undo: contextlib.ExitStack, clean: contextlib.ExitStack) -> None:
    """Makes sure that `target` is restored if one of the files after it fails."""
    if not target.exists():
        undo.callback(target.unlink, missing_ok=True)
        return
    backup = temporary_path(target)
    with contextlib.suppress(OSError):  # a file system without hard links
        backup.hardlink_to(target)
        clean.callback(backup.unlink, missing_ok=True)
        undo.callback(backup.replace, target)

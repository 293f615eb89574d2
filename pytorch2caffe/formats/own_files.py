"""Which files the commands of this package have written, so that they replace no others."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from caffe_proto import ReplacementGuard, replacement_guard
from caffe_proto.files import ALLOW_ALL

from ..errors import ConversionError

RECORD = ".pytorch2caffe.sha256"  # beside the files; `sha256sum -c` reads it


class OwnFiles(ReplacementGuard):
    """Allows the replacement of files that a command wrote earlier and nobody has changed, of empty ones, or of all.

    force:     allow all, but the files that the command reads.
    arguments: the command line. A file that it names, and that is not only the name of an output, is read.

    What is written is recorded beside it at the end of `guarded`: RECORD has a line for each file, its SHA-256 and its
    name. It is a file, not a setting of the machine, so that it is there in the next container too.
    """

    def __init__(self, force: bool = False, arguments: Sequence[str] = ()) -> None:
        self.force = force
        self.mentions = Counter(path for argument in arguments for path in _files_named(argument))
        self.outputs: Counter[Path] = Counter()  # the files that are named as outputs themselves
        self.written: dict[Path, None] = {}

    def named(self, path: Path) -> None:
        """A path was given on the command line as that of an output."""
        self.outputs[path.resolve()] += 1

    def before(self, paths: Sequence[Path]) -> None:
        """Raises ConversionError that lists all files that are not to be replaced."""
        read = [path for path in paths if self.mentions[path.resolve()] > min(self.outputs[path.resolve()], 1)]
        if read:
            what = "are files" if len(read) > 1 else "is a file"
            raise ConversionError(
                f"{', '.join(map(_shown, read))} {what} that this command reads, or writes for another option\n"
                "  fix: use another name for the output"
            )
        if self.force:
            return
        others = [path.resolve() for path in paths if path.resolve() not in self.written]
        if foreign := [path for path in others if _has_content(path) and not is_recorded(path)]:
            several = len(foreign) > 1
            listed = ", ".join(map(_shown, foreign))
            raise ConversionError(
                f"{listed} {'exist' if several else 'exists'}, and no command of this package wrote "
                f"{'them' if several else 'it'} as {'they are' if several else 'it is'}\n"
                "  fix: use another name for the output, or replace with --force"
            )

    def after(self, paths: Sequence[Path]) -> None:
        """Remembers files to record."""
        self.written |= dict.fromkeys(path.resolve() for path in paths)

    def record(self) -> None:
        """Adds the files that were written to the record of their folder."""
        for path in self.written:
            if path.is_file() and not is_recorded(path):  # a temporary file may have been moved on
                with contextlib.suppress(OSError), _open_record(path, "a") as stream:
                    stream.write(_line(path))


@contextlib.contextmanager
def guarded(force: bool = False, arguments: Sequence[str] = ()) -> Iterator[OwnFiles]:
    """A scope in which `atomic_files` replaces only files that an earlier scope wrote, and none of the command's own.

    force, arguments: as for OwnFiles.
    """
    guard = OwnFiles(force, arguments)
    token = replacement_guard.set(guard)
    try:
        yield guard
    finally:
        replacement_guard.reset(token)
        guard.record()


@contextlib.contextmanager
def unguarded() -> Iterator[None]:
    """A scope without that, for a folder that has a record of its own."""
    token = replacement_guard.set(ALLOW_ALL)
    try:
        yield
    finally:
        replacement_guard.reset(token)


def is_recorded(path: Path) -> bool:
    """Whether a file is one that was recorded, unchanged."""
    try:
        with _open_record(path, "r") as stream:
            lines = stream.readlines()
        return any(line.endswith(f"  {path.name}\n") for line in lines) and _line(path) in lines
    except OSError:
        return False


def _open_record(path: Path, mode: str) -> IO[str]:
    """The record of a file's folder; a name that is not UTF-8 keeps its bytes."""
    return (path.parent / RECORD).open(mode, encoding="utf-8", errors="surrogateescape", newline="")


def _files_named(argument: str) -> set[Path]:
    """The files that an argument of a command line may name: FILE, --option=FILE, FILE:NAME, FILE,FILE."""
    values = [argument, argument.partition("=")[2]] if argument.startswith("-") else [argument]
    parts = {part for value in values for part in (value, value.partition(":")[0], *value.split(",")) if part}
    return {Path(part).resolve() for part in parts if len(part) < 4096 and _is_file(part)}


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _line(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return f"{digest.hexdigest()}  {path.name}\n"


def _shown(path: Path) -> str:
    """The path as a user writes it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

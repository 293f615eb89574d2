"""The exceptions: each says where, what, and how to fix it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


class ConversionError(Exception):
    """A conversion that is not possible because of the model, the files or the settings."""


@contextmanager
def reading(path: str | os.PathLike[str], what: str, fix: str = "") -> Iterator[None]:
    """The boundary of a reader: what a damaged file raises becomes a ConversionError that names the file.

    what: what the file should be, such as "a caffemodel".
    fix:  an imperative, if there is a usual one.

    A ConversionError passes with the file's name added if it has none; an OSError that names a file passes.
    """
    try:
        yield
    except ConversionError as error:
        if type(error) is ConversionError and os.fspath(path) not in str(error):
            raise ConversionError(f"{os.fspath(path)}: {error}") from error
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        reason = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
        ending = f"\n  fix: {fix}" if fix else ""
        raise ConversionError(f"{os.fspath(path)} is not {what} that can be read: {reason}{ending}") from error


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be expressed: what was asked for, and the shortest way to do without it."""

    what: str
    fix: str = ""


class Refused(ConversionError):
    """One layer or call cannot be expressed. The caller that knows its source location makes a Problem of it.

    what: what was requested, and why it is not possible.
    fix:  the shortest workaround, as an imperative.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}\n  fix: {fix}" if fix else what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be converted: `where` is the module and the line of the model, or the layer of a file."""

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"\n     fix: {self.fix}" if self.fix else "")


class UnsupportedError(ConversionError):
    """A model that cannot be converted: all its problems, in the order of the model. Nothing was written.

    note: a last line of the message, such as where the search for problems has stopped.
    """

    def __init__(self, problems: Sequence[Problem], target: str, note: str = "") -> None:
        self.problems = list(dict.fromkeys(problems))
        self.target = target
        count = len(self.problems)
        parts = "1 part" if count == 1 else f"{count} parts"
        lines = [f"{parts} of this model cannot be {target}:"]
        lines += [f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join([*lines, note] if note else lines))


class DifferentError(ConversionError):
    """The files were read back and do not give the model's numbers. `comparison` has the differences."""

    def __init__(self, message: str, comparison: object) -> None:
        super().__init__(message)
        self.comparison = comparison


# The names under which packages are installed, where they differ from those under which they are imported.
INSTALLED_AS = {
    "cv2": "opencv-python-headless",
    "google": "protobuf",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def missing_package(error: ModuleNotFoundError, user: str = "this command") -> str:
    """The message for a package that is not installed, with the command that installs it.

    user: what needs it, if it is not that package itself.
    """
    module = _package_of(error)
    what = f"{module} is not installed" if user == module else f"{user} needs the package {module}, which is missing"
    return f"{what}\n  fix: pip install {installed_as(error)}"


def installed_as(error: ModuleNotFoundError) -> str:
    """The name under which a missing package is installed."""
    return INSTALLED_AS.get(_package_of(error), _package_of(error))


def _package_of(error: ModuleNotFoundError) -> str:
    return (error.name or str(error)).partition(".")[0]


class InvalidGraphError(Exception):
    """A graph that breaks the rules of `Graph.validate`: a mistake in this package, not in the model or the files."""


class ConversionWarning(UserWarning):
    """Something in the model or the files that is converted as it is, and is probably not intended."""

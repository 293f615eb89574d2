"""Reports an exception on the command line: one message, and the exit code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..errors import ConversionError, ConversionWarning, DifferentError, missing_package
from ..formats.visible import visible
from .common import REPORT

DONE, DIFFERENT, FAILED = 0, 1, 2


def report_failure(error: Exception) -> int:
    """Prints what `error` means to stderr. Returns the exit code: 1 if numbers differ, else 2."""
    if report := REPORT.get():
        report.failed(error)
    if isinstance(error, BrokenPipeError):  # the reader of the output, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(("pytorch2caffe", "caffe_proto")):
        click.echo(f"error: {missing_package(error)}", err=True)
        return FAILED
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    known = isinstance(error, (ConversionError, OSError, ValueError, RuntimeError, MemoryError))
    if not known and not notes:
        traceback.print_exception(type(error), error, error.__traceback__)
        click.echo("error: this is a bug in pytorch2caffe: please report it with the lines above", err=True)
        return FAILED
    click.echo(visible("\n  ".join([f"error: {_text(error, bool(notes))}", *notes]), keep="\n"), err=True)
    if isinstance(error, DifferentError):
        click.echo("nothing was written", err=True)
        return DIFFERENT
    return FAILED


@contextmanager
def readable_warnings() -> Iterator[None]:
    """A scope in which a ConversionWarning is shown on stderr, without the line of code that gave it."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_readable(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if issubclass(category, ConversionWarning):
                click.echo(visible(f"warning: {message}", keep="\n"), err=True)
            else:
                show(message, category, *rest)

        warnings.showwarning = show_readable  # type: ignore[assignment]
        yield


def _text(error: Exception, with_type: bool) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    return f"{type(error).__name__}: {error}" if with_type else str(error)

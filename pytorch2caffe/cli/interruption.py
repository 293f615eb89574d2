"""How a command ends that is interrupted: what it was writing is removed, and its exit code names the signal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from caffe_proto import OrderlyInterrupts

from ..formats.own_files import OwnFiles

TERMINATIONS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Terminated(BaseException):
    """The process was asked to end: docker stop, a batch system, a closed terminal. number: of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def terminations_raised() -> Iterator[None]:
    """A scope in which SIGTERM and SIGHUP raise Terminated, so that temporary files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    defaults = [number for number in TERMINATIONS if signal.getsignal(number) == signal.SIG_DFL]  # not under nohup
    for number in defaults:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in defaults:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    for each in TERMINATIONS:
        signal.signal(each, signal.SIG_IGN)  # a second one does not interrupt what the first one lets be removed
    raise Terminated(number)


def run_interruptible(command: Callable[[], int], guard: OwnFiles) -> int:
    """The exit code of a command; 128 and the number of the signal, such as 130 and 143, if one has ended it.

    guard: knows which files were written until then, for the message.
    """
    tolerant_output()
    try:
        with terminations_raised(), OrderlyInterrupts():
            return command()
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(signal.SIGINT, guard)
    except Terminated as error:
        return _interrupted(error.number, guard)


def _interrupted(number: int, guard: OwnFiles) -> int:
    written = [shown(path) for path in guard.written if path.exists()]
    what = f"it had written {', '.join(written)}" if written else "nothing was written"
    click.echo(f"{'interrupted' if number == signal.SIGINT else 'terminated'}; {what}", err=True)
    return 128 + number


def shown(path: Path) -> str:
    """A path as a user writes it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def tolerant_output() -> None:
    """Lets what cannot be encoded be printed with escapes: the name of a file may have any bytes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

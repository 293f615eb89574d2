"""-q, -v and --json, which every command has."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import sys
import time
import traceback
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import click

from caffe_proto import atomic_write

from .output_types import OutputFile

JSON_HELP = "Write what the command did as JSON to this file, or to stdout (-), which then has nothing else."
SHOWN = ("pytorch2caffe", "torch", "numpy", "protobuf")


class Report:
    """How a command is to report, and what it has reported."""

    def __init__(self) -> None:
        self.quiet = self.verbose = False
        self.path: str | None = None
        self.data: dict[str, Any] = {}
        self.command = ""
        self._stdout, self._messages = io.StringIO(), io.StringIO()
        self._stack, self._start = contextlib.ExitStack(), time.monotonic()

    def be_quiet(self) -> None:
        """Prints only warnings and errors."""
        self.quiet = True
        self._stack.enter_context(contextlib.redirect_stdout(io.StringIO()))

    def be_verbose(self) -> None:
        """Prints versions and the time, and the traceback of an error."""
        self.verbose = True
        versions = ", ".join(f"{name} {_version(name)}" for name in SHOWN)
        click.echo(f"{versions}, Python {platform.python_version()}, {platform.platform()}", err=True)

    def collect(self, path: str) -> None:
        """Keeps what is printed, for the JSON."""
        self.path = path
        out = self._stdout if path == "-" else _Tee(sys.stdout, self._stdout)
        self._stack.enter_context(contextlib.redirect_stdout(out))
        self._stack.enter_context(contextlib.redirect_stderr(_Tee(sys.stderr, self._messages)))

    def failed(self, error: BaseException) -> None:
        """Prints where an error was raised, if that is wanted."""
        if self.verbose:
            traceback.print_exception(type(error), error, error.__traceback__)

    def close(self) -> None:
        """Ends the redirection of what is printed."""
        self._stack.close()

    def finish(self, code: int, files: list[Path]) -> None:
        """Writes the JSON, and the time."""
        self.close()
        if self.verbose:
            click.echo(f"{time.monotonic() - self._start:.1f} s", err=True)
        if self.path is None:
            return
        content = {
            "command": self.command,
            "version": _version("pytorch2caffe"),
            "exit_code": code,
            "files": [str(path) for path in files if path.exists()],
            "output": self._stdout.getvalue().splitlines(),
            "messages": self._messages.getvalue().splitlines(),
            **self.data,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        if self.path == "-":
            click.echo(text, nl=False)
            return
        with atomic_write(self.path, "w", encoding="utf-8") as stream:
            stream.write(text)


REPORT: ContextVar[Report | None] = ContextVar("report", default=None)


def add_data(**data: Any) -> None:
    """Adds entries to the JSON of this command, if it writes one."""
    if report := REPORT.get():
        report.data |= data


def is_quiet() -> bool:
    """Whether notes are not to be printed."""
    report = REPORT.get()
    return report is not None and report.quiet


def with_common_options(command: click.Command) -> click.Command:
    """Adds -q, -v and --json to a command and its commands, unless it has an option of that name."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_common_options(each)
        return command
    taken = {name for param in command.params for name in param.opts}
    added = (
        click.Option(["-q", "--quiet"], is_flag=True, help="Print only warnings and errors."),
        click.Option(["-v", "--verbose"], is_flag=True, help="Print versions, times, and where an error was raised."),
        click.Option(["--json"], type=OutputFile(dash=True), metavar="FILE|-", help=JSON_HELP),
    )
    for option in added:
        if not taken & {*option.opts}:
            option.expose_value, option.is_eager, option.callback = False, True, _apply
            command.params.append(option)
    return command


def _apply(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    report = REPORT.get()
    if report is None or not value:
        return
    report.command = ctx.command_path.partition(" ")[2]
    if param.name == "quiet":
        report.be_quiet()
    elif param.name == "verbose":
        report.be_verbose()
    else:
        report.collect(value)


class _Tee(io.TextIOBase):
    """Writes to a stream, and to another."""

    def __init__(self, stream: IO[str], copy: IO[str]) -> None:
        self.stream, self.copy = stream, copy

    def write(self, text: str) -> int:
        self.copy.write(text)
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"

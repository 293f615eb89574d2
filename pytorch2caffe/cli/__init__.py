"""The commands: parse, call one library function, report."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from functools import partial

import click

from caffe_proto import replacement_guard

from ..formats.own_files import OwnFiles, guarded
from .common import REPORT, Report, with_common_options
from .failures import DONE, FAILED, readable_warnings, report_failure
from .interruption import run_interruptible


class Commands(click.Group):
    """Imports a command when it is used."""

    names = {
        name: name
        for name in (
            "export",
            "verify",
            "convert",
            "check",
            "lower",
            "resize",
            "deploy",
            "calibrate",
            "table",
            "ncnn",
            "accuracy",
            "summary",
            "layers",
        )
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order people need them."""
        return list(self.names)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, with the nearest names for one that is not known."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            nearest = difflib.get_close_matches(args[0], self.names, 2)
            hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
            raise click.UsageError(error.message + hint, ctx) from error

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by name."""
        if name not in self.names:
            return None
        module = __import__(f"{__name__}.{self.names[name]}", fromlist=["command"])
        return with_common_options(module.command)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytorch2caffe")
def cli() -> None:
    """Converts PyTorch networks to Caffe and proves that they compute the same.

    Exit codes: 0 done, equal, no problems; 1 the numbers differ, or a check found problems; 2 it cannot be done, or the
    command line is wrong: stderr gives the reason; 130 Ctrl-C, 143 SIGTERM: files are complete or as they were.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with guarded(arguments=arguments) as guard:
        return run_interruptible(partial(_run, arguments), guard)


def _run(arguments: Sequence[str]) -> int:
    report = Report()
    token = REPORT.set(report)
    try:
        code = _result(arguments)
        guard = replacement_guard.get()
        report.finish(code, [*guard.written] if isinstance(guard, OwnFiles) else [])
        return code
    finally:
        report.close()
        REPORT.reset(token)


def _result(arguments: Sequence[str]) -> int:
    try:
        with readable_warnings():
            given = list(arguments)
            code = cli.main(args=given, prog_name="pytorch2caffe", standalone_mode=False, obj=given)
        return code if isinstance(code, int) else DONE
    except click.Abort:
        raise
    except click.ClickException as error:
        error.show()
        return FAILED
    except Exception as error:
        return report_failure(error)


def entry_point() -> None:
    """The installed command."""
    sys.exit(main())

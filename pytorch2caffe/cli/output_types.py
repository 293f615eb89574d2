"""The parameter types of files to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from caffe_proto import replacement_guard

from ..errors import ConversionError
from ..formats.output_path import check_output_path
from ..formats.own_files import OwnFiles


class OutputFile(click.ParamType):
    """The path of a file to write; whether it can be written is checked before the work begins."""

    name = "FILE"

    def __init__(self, dash: bool = False) -> None:
        self.dash = dash  # "-" is stdout

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path."""
        if value == "-" and self.dash:
            return "-"
        self.name_output(value)
        self.check(param, ctx, value)
        return str(value)

    @staticmethod
    def name_output(value: Any) -> None:
        """Tells the guard of files that the command line names this one to be written."""
        guard = replacement_guard.get()
        if isinstance(guard, OwnFiles):
            guard.named(Path(str(value)))

    def check(self, param: click.Parameter | None, ctx: click.Context | None, *paths: str) -> None:
        """Fails if the files cannot be written, or are not to be replaced."""
        try:
            check_output_path(*paths)
        except ConversionError as error:
            self.fail(str(error), param, ctx)


class Prefix(OutputFile):
    """The common path of files that differ in their suffix; if it ends in one of the suffixes, that is removed."""

    name = "PREFIX"

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The prefix."""
        self.name_output(value)
        prefix = str(value)
        for suffix in self.suffixes:
            prefix = prefix.removesuffix(suffix)
        if not prefix or prefix.endswith(("/", os.sep)):
            self.fail(f"{value!r} is not a file name: write {prefix}net", param, ctx)
        self.check(param, ctx, *(prefix + suffix for suffix in self.suffixes))
        return prefix

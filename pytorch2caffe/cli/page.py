"""What commands share that write a page, or take longer than a moment."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import OutputFile

if TYPE_CHECKING:
    from ..pages.page import Section

html_option = click.option(
    "--html", type=OutputFile(), metavar="FILE.html", help="Write a page with a diagram of the network to this file."
)


def command_line() -> str:
    """The command that is running, as it was given."""
    return shlex.join(["pytorch2caffe", *(click.get_current_context().find_root().obj or ())])


def write_page(path: str, title: str, sections: list[Section], facts: Mapping[str, str]) -> None:
    """Writes a page and prints its path."""
    from caffe_proto import atomic_write

    from ..pages.page import Page, to_html

    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(to_html(Page(title, sections, command_line(), facts)))
    click.echo(path)


def read_json(path: str, key: str) -> dict[str, Any]:
    """A report that was written earlier. key: what each of its entries has, or itself if it is a single one."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"--compare: {path} is not a JSON report: {error}") from error
    entries = [content, *content.values()] if isinstance(content, dict) else []
    if not any(isinstance(entry, dict) and key in entry for entry in entries):
        raise click.UsageError(f"--compare: {path} is not a report of this command: it has no {key!r}")
    return content


@contextmanager
def working(text: str) -> Iterator[None]:
    """A scope with a moving line on the terminal that names what is being done; nothing in a file or pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(text)
        yield

"""pytorch2caffe layers"""

from __future__ import annotations

import click

from .options import console


@click.command(
    "layers",
    help="""Lists what is supported: each layer, the torch functions that make it, the dialects that have it.

\b
Examples:
  pytorch2caffe layers
  pytorch2caffe layers --markdown > docs/layers.md
""",
    short_help="What is supported.",
)
@click.option("--markdown", is_flag=True, help="As a page for the documentation.")
def command(markdown):  # type: ignore[no-untyped-def]
    from rich.table import Table

    from ..convert.supported import supported, supported_page

    if markdown:
        click.echo(supported_page(), nl=False)
        return 0
    table = Table(title="supported layers", title_justify="left")
    for name in ("layers", "made by", "native in", "elsewhere"):
        table.add_column(name, overflow="fold")
    for row in supported():
        table.add_row(row.what, ", ".join(row.functions), ", ".join(row.native), row.elsewhere)
    console().print(table)
    return 0

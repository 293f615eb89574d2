"""pytorch2caffe layers"""

from __future__ import annotations

import click

from .options import console


@click.command(
    "layers",
    help="""Lists what is supported: each layer, the torch functions converted to it, the dialects that have it.

\b
Examples:
  pytorch2caffe layers
  pytorch2caffe layers --where torch.cumsum
  pytorch2caffe layers --where Softmax
  pytorch2caffe layers --markdown > docs/layers.md
Exit code 0 done; 2 --where was given a name that is not supported.
""",
    short_help="Supported layers and functions, and where they are defined.",
)
@click.option("--markdown", is_flag=True, help="Write the list as a page for the documentation.")
@click.option(
    "--where",
    "name",
    metavar="NAME",
    help="Print file, line and function of a torch function (torch.cumsum, F.relu, relu), a Caffe layer type, an "
    "operator of MMdnn's IR or of TensorFlow.",
)
def command(markdown: bool, name: str | None) -> int:
    from ..convert.supported import supported_page
    from ..convert.where import where

    if name is not None:
        for definition in where(name):
            click.echo(f"{definition.path}:{definition.line}  {definition.function}  ({definition.name})")
    elif markdown:
        click.echo(supported_page(), nl=False)
    else:
        _print_table()
    return 0


def _print_table() -> None:
    from rich.table import Table

    from ..convert.supported import COLUMNS, supported_modules

    table = Table(title="supported layers", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for module in supported_modules():
        table.add_row(*module.cells())
    console().print(table)

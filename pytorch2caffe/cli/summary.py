"""pytorch2caffe summary"""

from __future__ import annotations

import click


@click.command(
    "summary",
    help="""Lists the layers of a Caffe network: type, shapes, parameters, multiply-adds.

\b
Example:
  pytorch2caffe summary deploy.prototxt
""",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
def command(prototxt):  # type: ignore[no-untyped-def]
    from rich.console import Console
    from rich.table import Table

    from ..readers.caffe import load_caffe
    from ..summary import summarise

    rows = summarise(load_caffe(prototxt))
    table = Table(title=f"{prototxt}: {len(rows)} layers", title_justify="left")
    for name, justify in (("layer", "left"), ("type", "left"), ("input", "left"), ("output", "left"),
                          ("parameters", "right"), ("multiply-adds", "right")):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(row.name, row.type, _shapes(row.inputs), _shapes(row.outputs), f"{row.parameters:,}",
                      f"{row.multiply_adds:,}")  # fmt: skip
    table.add_section()
    table.add_row(
        "total", "", "", "", f"{sum(r.parameters for r in rows):,}", f"{sum(r.multiply_adds for r in rows):,}"
    )
    Console().print(table)
    return 0


def _shapes(shapes):  # type: ignore[no-untyped-def]
    return " ".join("x".join(map(str, shape)) or "scalar" for shape in shapes)

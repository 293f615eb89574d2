"""pytorch2caffe summary"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..formats.visible import visible
from .caffe_options import caffe_reading
from .common import add_data
from .options import console, force_option, is_onnx
from .page import html_option, working, write_page

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading


@click.command(
    "summary",
    help="""Lists the layers of a Caffe or ONNX network: type, shapes, parameters, multiply-adds.

A multiply-add is one multiplication by a weight; FLOPs are twice as many. Parameters are the numbers in the
caffemodel, including BatchNorm's statistics, which PyTorch counts as buffers.

\b
Example:
  pytorch2caffe summary deploy.prototxt
  pytorch2caffe summary deploy.prototxt --html deploy.html
  pytorch2caffe summary best.onnx --input-shape 1,3,640,640
  pytorch2caffe summary deploy.prototxt --batch 1 --end conv5
Exit code 0 done; 2 the file cannot be read.
""",
    short_help="Lists layers, shapes, parameters and multiply-adds of a Caffe or ONNX file.",
)
@click.argument("network", type=click.Path(exists=True, dir_okay=False))
@html_option
@force_option
@caffe_reading
def command(network: str, html: str | None, reading: CaffeReading) -> int:
    from rich.table import Table
    from rich.text import Text

    from ..frontends.caffe.reader import load_as
    from ..graph.other_sizes import freedom
    from ..graph.summary import summarise
    from ..graph.summary_page import summary_sections, total_line
    from ..graph.view import shape_text
    from ..runtime.infer import infer

    if is_onnx(network):
        from ..frontends.onnx.load import load_onnx

        with working(f"reading {network}"):
            graph = load_onnx(network, reading.input_shape, list(reading.end) or None, reading.start)
    else:
        graph = load_as(network, None, reading)
    rows = summarise(graph)
    add_data(layers=[vars(row) for row in rows])
    parameters, multiply_adds = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    table = Table(
        title=Text(f"{network}: {total_line(rows)}"),
        title_justify="left",
    )
    for name in ("layer", "type", "input", "output"):
        table.add_column(name, overflow="fold")
    for name in ("parameters", "multiply-adds"):
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(
            Text(visible(row.name)),
            Text(visible(row.type)),
            " ".join(map(shape_text, row.inputs)),
            " ".join(map(shape_text, row.outputs)),
            f"{row.parameters:,}",
            f"{row.multiply_adds:,}",
        )
    table.add_section()
    table.add_row("total", "", "", "", f"{parameters:,}", f"{multiply_adds:,}")
    console().print(table)
    sizes = freedom(graph, infer)
    console().print(Text(visible(f"sizes: {sizes}")))
    if html:
        facts = {"files": network, "network": total_line(rows), "sizes": sizes}
        write_page(html, f"summary of {graph.name}", summary_sections(graph, rows), facts)
    return 0

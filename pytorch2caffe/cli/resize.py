"""pytorch2caffe resize"""

from __future__ import annotations

from pathlib import Path

import click

from .options import CAFFE_PREFIX, Caffemodels, Shape, force_option, report_weights
from .page import working


@click.command(
    "resize",
    help="""Writes a Caffe network for inputs of another batch or size, as PREFIX.prototxt and PREFIX.caffemodel.

The layers and the weights stay as they are; `pytorch2caffe summary` says what may be changed. A network with layers
that are right for one size only is refused, and these layers are listed: export the model with another --input-shape.
The new files are run before they appear; if only the batch is larger, its samples are compared with the old files'.

\b
Examples:
  pytorch2caffe resize resnet18.prototxt resnet18.caffemodel --input-shape 4,3,320,320 -o resnet18-320
  pytorch2caffe resize two.prototxt two.caffemodel --input-shape 8,3,64,64 --input-shape 8,10 -o two-8
Exit code 0 done; 1 a sample gives other numbers; 2 a layer fixes the size, or the files cannot be read.
""",
    short_help="Writes a Caffe file for inputs of another batch or size.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("--input-shape", "shapes", type=Shape(), multiple=True, required=True, help="Once per input, in order.")
@click.option("-o", "--output", "prefix", required=True, type=CAFFE_PREFIX, help="Where to write.")
@force_option
@click.option("--no-check", is_flag=True, help="Do not run the new files.")
def command(
    prototxt: str, caffemodel: list[Path], shapes: tuple[tuple[int, ...], ...], prefix: str, no_check: bool
) -> int:
    from ..convert.resize_files import resize_files
    from ..errors import UnsupportedError

    try:
        with working(f"writing {prefix}.prototxt"):
            graph = resize_files(prototxt, caffemodel, prefix, shapes, check=not no_check)
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    inputs, outputs = (", ".join(map(str, values)) for values in (graph.inputs, graph.outputs.values()))
    click.echo(f"{prefix}.prototxt: {inputs} to {outputs}")
    report_weights(graph, f"{prefix}.prototxt", "not run" if no_check else "run on a random input")
    return 0

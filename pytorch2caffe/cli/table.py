"""pytorch2caffe table"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..formats.visible import visible
from .caffe_options import Shapes, part_reading, reading_of
from .common import add_data
from .options import Caffemodels
from .wording import counted

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading


@click.group(
    "table",
    help="""Inspects int8 calibration tables for ncnn.

\b
Example:
  pytorch2caffe table check net.table --proto deploy.prototxt
""",
    short_help="Lists what is wrong with an int8 calibration table.",
)
def command() -> None:
    pass


@command.command(
    "check",
    help="""Lists everything in a calibration table that makes ncnn reject, misread or misuse it.

ncnn2int8 exits with code 0 on most bad tables; the loss of accuracy shows later, or never. Each problem is listed with
its line or layer and the shortest fix. With --model the scales are compared with the weights too.

\b
Examples:
  pytorch2caffe table check net.table --proto deploy.prototxt
  pytorch2caffe table check net.table --proto deploy.prototxt --model net.caffemodel
Exit code 0 if ncnn reads it as intended, 1 if there are problems, 2 if a file cannot be read.
""",
)
@click.argument("table", type=click.Path(exists=True, dir_okay=False))
@click.option("--proto", required=True, type=click.Path(exists=True, dir_okay=False), help="The network's prototxt.")
@click.option("--model", type=Caffemodels(), help="Its caffemodel.")
@part_reading
def check(table: str, proto: str, model: list[Path] | None, reading: Callable[[Shapes], CaffeReading]) -> int:
    from ..backends.ncnn.table.file import check_table, parse
    from ..backends.ncnn.table.targets import targets_of_graph, targets_of_prototxt

    how = reading(())
    if model or how != reading_of()(()):
        from ..frontends.caffe.reader import load_as

        targets = targets_of_graph(load_as(proto, model, how))
    else:
        targets = targets_of_prototxt(proto)
    problems = check_table(table, targets)
    add_data(problems=[vars(problem) for problem in problems])
    if not problems:
        activations = parse(table)[0].activations
        in_float = [target.name for target in targets if target.name not in activations]
        line = f"{table}: {counted(len(activations), 'layer')} in int8"
        click.echo(visible(line + (f", in float: {', '.join(in_float)}" if in_float else "")))
        return 0
    click.echo(f"{table}: " + ("1 problem" if len(problems) == 1 else f"{len(problems)} problems"))
    for number, problem in enumerate(problems, 1):
        click.echo(visible(f"  {number}. {problem}", keep="\n"))
    return 1

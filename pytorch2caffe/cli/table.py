"""pytorch2caffe table"""

from __future__ import annotations

import click

from .options import Caffemodels


@click.group(
    "table",
    help="""Looks at int8 tables for ncnn.

\b
Example:
  pytorch2caffe table check net.table --proto deploy.prototxt
""",
    short_help="Finds what is wrong with an int8 table.",
)
def command() -> None:
    pass


@command.command(
    "check",
    help="""Finds everything in a table that makes ncnn refuse it, misread it or misuse it.

ncnn2int8 ends with exit code 0 on most bad tables; the loss shows later, or never. Each problem is listed with its
place and the shortest fix. With --model the scales are held against the weights too.

\b
Examples:
  pytorch2caffe table check net.table --proto deploy.prototxt
  pytorch2caffe table check net.table --proto deploy.prototxt --model net.caffemodel
Exit code 0 if ncnn reads it as it is meant, 1 if there are problems, 2 if a file cannot be read.
""",
)
@click.argument("table", type=click.Path(exists=True, dir_okay=False))
@click.option("--proto", required=True, type=click.Path(exists=True, dir_okay=False), help="The network's prototxt.")
@click.option("--model", type=Caffemodels(), help="Its caffemodel.")
def check(table, proto, model):  # type: ignore[no-untyped-def]
    from ..backends.ncnn.table.file import check_table, parse
    from ..backends.ncnn.table.targets import targets_of_graph, targets_of_prototxt

    if model:
        from ..frontends.caffe.reader import load_caffe

        targets = targets_of_graph(load_caffe(proto, model))
    else:
        targets = targets_of_prototxt(proto)
    problems = check_table(table, targets)
    if not problems:
        inside = parse(table)[0].activations
        stay = [target.name for target in targets if target.name not in inside]
        click.echo(f"{table}: {len(inside)} layers in int8" + (f", in float: {', '.join(stay)}" if stay else ""))
        return 0
    click.echo(f"{table}: " + ("1 problem" if len(problems) == 1 else f"{len(problems)} problems"))
    for number, problem in enumerate(problems, 1):
        click.echo(f"  {number}. {problem}")
    return 1

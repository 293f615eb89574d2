"""pytorch2caffe check"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..formats.visible import visible
from .caffe_options import caffe_reading, target_option
from .common import add_data
from .options import Caffemodels, force_option, print_acceptances
from .page import html_option, working, write_page
from .wording import counted

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading


@click.command(
    "check",
    help="""Lists everything in a Caffe file that one consumer of Caffe files does not support.

The file may be of any origin. Each problem is listed with its layer and the shortest fix. With --target all: which of
the consumers accept the network as it is, after `pytorch2caffe lower`, or not, and why.

\b
Examples:
  pytorch2caffe check deploy.prototxt --target nnie
  pytorch2caffe check deploy.prototxt net.caffemodel --target my-chip.toml --html problems.html
  pytorch2caffe check deploy.prototxt net.caffemodel --target all
Exit code 0 if the consumer supports all of it, or with --target all; 1 if there are problems, 2 if the file cannot be
read.
""",
    short_help="Lists what one consumer does not support in a Caffe file.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels(), required=False)
@target_option("The consumer of the file; all.")
@html_option
@force_option
@caffe_reading
def command(prototxt: str, caffemodel: list[Path] | None, target: str, html: str | None, reading: CaffeReading) -> int:
    import logging

    from ..backends.caffe.dialect_file import dialect
    from ..convert.check_files import check_files, count_layers
    from ..convert.check_page import consumer_sections, problem_sections

    files = ", ".join(map(str, (prototxt, *(caffemodel or ()))))
    logging.getLogger("caffe_proto").setLevel(logging.ERROR)  # its warnings are among the problems
    if target == "all":
        from ..convert.consumers import consumers_of_files

        with working(f"lowering {prototxt} for every target"):
            acceptances = consumers_of_files(prototxt, caffemodel, reading)
        print_acceptances(prototxt, acceptances)
        if html:
            sections = consumer_sections(prototxt, caffemodel, acceptances, reading)
            write_page(html, f"{prototxt} and its consumers", sections, {"files": files})
        return 0
    consumer = dialect(target)
    problems = check_files(prototxt, caffemodel, consumer, reading)
    layers = counted(count_layers(prototxt, reading), "layer")
    if html:
        sections = problem_sections(prototxt, problems, consumer.name, reading)
        write_page(html, f"{prototxt} for {consumer.name}", sections, {"files": files, "target": consumer.name})
    add_data(problems=[vars(problem) for problem in problems])
    if not problems:
        click.echo(f"{prototxt}: {layers}, {consumer.name} supports all of them")
        return 0
    total = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    click.echo(f"{prototxt}: {total} for {consumer.name} in {layers}")
    for number, problem in enumerate(problems, 1):
        click.echo(visible(f"  {number}. {problem}", keep="\n"))
    return 1

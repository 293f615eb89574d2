"""pytorch2caffe lower"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .caffe_options import caffe_reading, target_option
from .options import (
    CAFFE_PREFIX,
    Caffemodels,
    check_runtime,
    force_option,
    report_checks,
    report_weights,
    split_weights,
)
from .page import working
from .pixel_options import PixelOptions, fold_option, pixel_options, report_folded, to_fold
from .variadic_options import VariadicCommand
from .wording import counted

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading


@click.command(
    "lower",
    cls=VariadicCommand,
    help="""Rewrites a Caffe network for another consumer, as PREFIX.prototxt and PREFIX.caffemodel.

Layers, fields and names that the consumer lacks are replaced by those it has, which compute exactly the same. The new
files are read back and their outputs compared with those of the old files before they appear.

\b
Examples:
  pytorch2caffe lower deploy.prototxt net.caffemodel --target opencv -o net-opencv
  pytorch2caffe lower deploy.prototxt net.caffemodel --target my-chip.toml --fold-bn -o net-chip
  pytorch2caffe lower test.prototxt net.caffemodel --end rpn_cls_prob --end rpn_bbox_pred --batch 1 -o rpn
Exit code 0 done; 1 the new files do not give the same numbers; 2 it cannot be expressed, or cannot be read.
""",
    short_help="Rewrites a Caffe file for another consumer.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("-o", "--output", "prefix", required=True, type=CAFFE_PREFIX, help="Where to write.")
@target_option("The consumer of the files.")
@click.option("--fold-bn", is_flag=True, help="Fold BatchNorm and Scale into the weights of the preceding layer.")
@fold_option
@pixel_options
@caffe_reading
@split_weights
@check_runtime
@force_option
@click.option("--no-check", is_flag=True, help="Do not compare the new files with the old ones.")
def command(
    prototxt: str,
    caffemodel: list[Path],
    prefix: str,
    target: str,
    fold_bn: bool,
    fold_preprocessing: bool,
    pixels: PixelOptions,
    split_weights: bool,
    check_runtime: bool | None,
    no_check: bool,
    reading: CaffeReading,
) -> int:
    from ..convert.lower_files import lower_files
    from ..errors import UnsupportedError

    given = pixels.read()
    folded = to_fold(given, fold_preprocessing)
    if given is not None and folded is None:
        raise click.UsageError("--mean and --preprocess are for --fold-preprocessing: give it too")
    try:
        with working(f"writing {prefix}.prototxt for {target}"):
            graph = lower_files(
                prototxt,
                caffemodel,
                prefix,
                target,
                fold_bn=fold_bn,
                split_weights=split_weights,
                check=not no_check,
                check_runtime=check_runtime,
                reading=reading,
                fold_pixels=folded,
            )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    status = "not checked" if no_check else "outputs equal to the old files' on a random input"
    click.echo(f"{prefix}.prototxt: {counted(len(graph.nodes), 'layer')} for {target}")
    report_weights(graph, f"{prefix}.prototxt", status + report_checks(graph))
    report_folded(graph.notes)
    if graph.renamed:
        click.echo(f"{prefix}.names.json: {len(graph.renamed)} shortened names")
    return 0

"""pytorch2caffe lower"""

from __future__ import annotations

import click

from .options import CAFFE_PREFIX, Caffemodels, say_weights, split_weights


@click.command(
    "lower",
    help="""Rewrites a Caffe network for another reader, as PREFIX.prototxt and PREFIX.caffemodel.

Layers, fields and names that the reader lacks are said in those it has, exactly. The new files are read back and
their outputs compared with the old ones' before they appear.

\b
Examples:
  pytorch2caffe lower deploy.prototxt net.caffemodel --target opencv -o net-opencv
  pytorch2caffe lower deploy.prototxt net.caffemodel --target my-chip.toml --fold-bn -o net-chip
Exit code 0 done; 1 the new files give other numbers; 2 it cannot be said, or cannot be read.
""",
    short_help="Writes a Caffe file anew for another reader.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("-o", "--output", "prefix", required=True, type=CAFFE_PREFIX, help="Where to write.")
@click.option("--target", default="caffe", show_default=True, metavar="DIALECT", help="Who reads the files.")
@click.option("--fold-bn", is_flag=True, help="Put BatchNorm and Scale into the weights before them.")
@split_weights
@click.option("--no-check", is_flag=True, help="Do not run the new files against the old ones.")
def command(prototxt, caffemodel, prefix, target, fold_bn, split_weights, no_check):  # type: ignore[no-untyped-def]
    from ..convert.lower_files import rewrite
    from ..errors import UnsupportedError

    try:
        graph = rewrite(
            prototxt, caffemodel, prefix, target, fold_bn=fold_bn, split_weights=split_weights, check=not no_check
        )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    proof = "not checked" if no_check else "outputs equal to the old files' on a random input"
    click.echo(f"{prefix}.prototxt: {len(graph.nodes)} layers for {target}")
    say_weights(graph, f"{prefix}.prototxt", proof)
    if graph.renamed:
        click.echo(f"{prefix}.names.json: {len(graph.renamed)} names that were shortened")
    return 0

"""pytorch2caffe ncnn"""

from __future__ import annotations

from pathlib import Path

import click

from .options import Caffemodels, Prefix


@click.command(
    "ncnn",
    help="""Writes a Caffe network as PREFIX.param and PREFIX.bin for ncnn, in float or int8.

No ncnn is needed to write them. Where the Python package ncnn is installed, the files run in it on a random input
before they appear, and their outputs are compared with the Caffe network's.

\b
Examples:
  pytorch2caffe ncnn deploy.prototxt net.caffemodel -o net
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --fuse --fp16 -o net
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ ... -o net.table
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --table net.table --fuse -o net-int8
Exit code 0 done; 1 the files give other numbers in ncnn; 2 it cannot be said in ncnn, or cannot be read.
""",
    short_help="Writes .param and .bin for ncnn, float or int8.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("-o", "--output", "prefix", required=True, type=Prefix(".param", ".bin"), help="Where to write.")
@click.option(
    "--table",
    "path",
    type=click.Path(exists=True, dir_okay=False),
    help="Run the layers of this table in int8, as ncnn2int8 does.",
)
@click.option("--fp16", is_flag=True, help="Store the weights that are not int8 as halves; ncnn2int8 always does.")
@click.option(
    "--fuse",
    is_flag=True,
    help="Put BatchNorm and Scale into the weights, ReLU and its like into the "
    "convolutions, as ncnnoptimize does; int8 convolutions then hand int8 to each other.",
)
@click.option(
    "--all-int8",
    is_flag=True,
    help="Also grouped convolutions that ncnn computes wrongly in int8 on x86, "
    "for machines where it does not; they stay float otherwise, and are named.",
)
@click.option("--no-check", is_flag=True, help="Do not run the files in ncnn.")
def command(prototxt, caffemodel, prefix, path, fp16, fuse, all_int8, no_check):  # type: ignore[no-untyped-def]
    from ..backends.ncnn.table.file import read_table
    from ..backends.ncnn.writer import save_ncnn
    from ..errors import UnsupportedError
    from ..frontends.caffe.reader import load_caffe

    graph = load_caffe(prototxt, caffemodel)
    table = read_table(path) if path else None
    said: list[str] = []
    proof = _proof(graph, table, fp16, said)
    try:
        files = save_ncnn(
            graph, prefix, table, fp16=fp16, fold=fuse, all_int8=all_int8, proof=None if no_check else proof
        )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    int8 = f", {files.int8} of them in int8" if table else ""
    click.echo(f"{prefix}.param: {len(files.lines)} layers{int8}")
    size = Path(f"{prefix}.bin").stat().st_size / 1e6
    click.echo(f"{prefix}.bin: {size:.1f} MB; {said[0] if said else 'not checked'}")
    for new, old in files.renamed.items():
        click.echo(f"renamed {old!r} to {new}, which ncnn can read")
    for note in files.notes:
        click.echo(f"warning: {note}", err=True)
    return 0


def _proof(graph, table, fp16, said):  # type: ignore[no-untyped-def]
    """A function that runs the files in ncnn, says how it went, and raises DifferentError if float outputs differ."""

    def proof(param, binary, files):  # type: ignore[no-untyped-def]
        from ..errors import DifferentError
        from ..runtime.random_inputs import random_inputs
        from ..verify.compare_ncnn import calibrated_max_abs, compare_in_ncnn
        from ..verify.report import verdict
        from ..verify.runtimes import get

        if reason := get("ncnn").unavailable():
            said.append(f"not checked: {reason}")
            return
        inputs = random_inputs(graph, max_abs=calibrated_max_abs(graph, table) if table else None)
        found = compare_in_ncnn(graph, param, binary, files, inputs, tolerance=1e-2 if fp16 else 1e-4)
        if table and found.rows and not found.missing_outputs:
            cosine = min(row.cosine for row in found.rows)
            said.append(
                f"runs in ncnn, cosine to the float outputs {cosine:.6f} on random inputs within the calibrated range"
            )
        elif not found.equal:
            raise DifferentError(f"ncnn does not give the network's numbers: {verdict(found)}", found)
        else:
            said.append(f"outputs in ncnn are the network's on random numbers, {verdict(found)}")

    return proof

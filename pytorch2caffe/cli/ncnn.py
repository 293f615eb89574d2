"""pytorch2caffe ncnn"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .caffe_options import caffe_reading
from .options import Caffemodels, Prefix, force_option, note
from .page import working
from .wording import counted, size_of

if TYPE_CHECKING:
    from ..backends.ncnn.table.table import Table
    from ..backends.ncnn.writer import NcnnFiles
    from ..frontends.caffe.reading import CaffeReading
    from ..graph.graph import Graph


@click.command(
    "ncnn",
    help="""Writes a Caffe network as PREFIX.param and PREFIX.bin for ncnn, in float or int8.

ncnn need not be installed. If the Python package ncnn is, the files are run in it on a random input before they appear,
and their outputs are compared with those of the Caffe network.

\b
Examples:
  pytorch2caffe ncnn deploy.prototxt net.caffemodel -o net
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --fuse --fp16 -o net
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ ... -o net.table
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --table net.table --fuse -o net-int8
Exit code 0 done; 1 the outputs differ in ncnn; 2 it cannot be expressed for ncnn, or cannot be read.
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
@click.option("--fp16", is_flag=True, help="Store the weights that are not int8 as float16, as ncnn2int8 always does.")
@click.option(
    "--fuse",
    is_flag=True,
    help="Fold BatchNorm and Scale into the weights, and fuse ReLU and other activations into "
    "convolutions, as ncnnoptimize does; int8 convolutions then pass int8 to each other.",
)
@click.option(
    "--all-int8",
    is_flag=True,
    help="Also run in int8 the grouped convolutions that ncnn computes incorrectly on x86, "
    "for other machines; by default they stay in float, with a warning.",
)
@force_option
@click.option("--no-check", is_flag=True, help="Do not run the files in ncnn to compare them.")
@caffe_reading
def command(
    prototxt: str,
    caffemodel: list[Path],
    prefix: str,
    path: str | None,
    fp16: bool,
    fuse: bool,
    all_int8: bool,
    no_check: bool,
    reading: CaffeReading,
) -> int:
    from ..backends.ncnn.table.file import read_table
    from ..backends.ncnn.writer import save_ncnn
    from ..errors import UnsupportedError
    from ..frontends.caffe.reader import load_as

    graph = load_as(prototxt, caffemodel, reading)
    batch = {value.shape[:1] for value in graph.inputs}
    if reading.batch is None and reading.input_shape is None and len(batch) == 1 and batch != {(1,)}:
        graph = load_as(prototxt, caffemodel, replace(reading, batch=1))
        note(f"the file has {next(iter(batch))[0]} samples; ncnn has no batch axis: written for 1 (--batch 1)")
    table = read_table(path) if path else None
    results: list[str] = []
    proof = _proof(graph, table, fp16, results)
    try:
        with working(f"writing {prefix}.param and {prefix}.bin"):
            files = save_ncnn(
                graph, prefix, table, fp16=fp16, fold=fuse, all_int8=all_int8, proof=None if no_check else proof
            )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    int8 = f", {files.int8} of them in int8" if table else ""
    click.echo(f"{prefix}.param: {counted(len(files.lines), 'layer')}{int8}")
    size = size_of(Path(f"{prefix}.bin").stat().st_size)
    click.echo(f"{prefix}.bin: {size}; {results[0] if results else 'not checked'}")
    for new, old in files.renamed.items():
        click.echo(f"renamed {old!r} to {new}, which ncnn can parse")
    for text in files.notes:
        click.echo(f"warning: {text}", err=True)
    return 0


def _proof(
    graph: Graph, table: Table | None, fp16: bool, results: list[str]
) -> Callable[[Path, Path, NcnnFiles], None]:
    """A function that runs the files in ncnn and appends the result to `results`, or raises DifferentError."""

    def proof(param: Path, binary: Path, files: NcnnFiles) -> None:
        from ..errors import DifferentError
        from ..runtime.random_inputs import random_inputs
        from ..verify.compare_ncnn import calibrated_max_abs, compare_in_ncnn
        from ..verify.report import verdict
        from ..verify.runtimes import get

        if reason := get("ncnn").unavailable():
            results.append(f"not checked: {reason}")
            return
        inputs = random_inputs(graph, max_abs=calibrated_max_abs(graph, table) if table else None)
        comparison = compare_in_ncnn(graph, param, binary, files, inputs, tolerance=1e-2 if fp16 else 1e-4)
        if table and comparison.rows and not comparison.missing_outputs:
            cosine = min(row.cosine for row in comparison.rows)
            results.append(
                f"runs in ncnn, cosine to the float outputs {cosine:.6f} on random inputs within the calibrated range"
            )
        elif not comparison.equal:
            raise DifferentError(f"the outputs in ncnn differ from the network's: {verdict(comparison)}", comparison)
        else:
            results.append(f"outputs in ncnn equal the network's on random inputs, {verdict(comparison)}")

    return proof

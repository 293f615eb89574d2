"""pytorch2caffe ncnn"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from .caffe_options import resized_reading
from .calibration_options import (
    CalibrationOptions,
    calibration_options,
    own_table,
    report_calibration,
    report_own_table,
    with_progress,
)
from .network_options import Shapes, network_options, read_network
from .options import MODEL_HELP, Caffemodels, ModelOptions, Prefix, force_option, tolerance_option
from .page import command_line, working
from .pixel_options import (
    PixelOptions,
    after_folding,
    fold_option,
    pixel_options,
    report_folded,
    report_ranges,
    to_fold,
)
from .random_inputs import InputType
from .variadic_options import VariadicCommand
from .wording import counted, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..backends.ncnn.table.table import Table
    from ..convert.ncnn import Check, Samples
    from ..convert.network import Network
    from ..frontends.caffe.reading import CaffeReading
    from ..quantize.images import Dataset
    from ..quantize.pixels import Pixels


@click.command(
    "ncnn",
    cls=VariadicCommand,
    help=f"""Writes a network as PREFIX.param and PREFIX.bin for ncnn, in float or int8.

The network is MODEL, or a prototxt and its CAFFEMODEL. {MODEL_HELP} With --int8 it is calibrated on --images first, and
PREFIX.table is written too. If the Python package ncnn is installed, the files are run in it before they appear, and
compared with the network.

\b
Examples:
  pytorch2caffe ncnn torchvision:resnet18 --weights resnet18.pth --input-shape 1,3,224,224 -o resnet18
  pytorch2caffe ncnn net.py:Net --input-shape 1,3,224,224 --images photos/ --order RGB \\
      --mean 123.675 116.28 103.53 --std 58.395 57.12 57.375 --int8 -o net
  pytorch2caffe ncnn best.onnx -o best
  pytorch2caffe ncnn best-qdq.onnx --int8 -o best-int8
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --fp16 -o net
  pytorch2caffe ncnn deploy.prototxt net.caffemodel --table net.table -o net-int8
Exit code 0 done; 1 the outputs differ in ncnn; 2 it cannot be expressed for ncnn, or cannot be read.
""",
    short_help="Writes .param and .bin for ncnn, float or int8.",
)
@click.argument("model")
@click.argument("caffemodel", type=Caffemodels(), required=False)
@click.option("-o", "--output", "prefix", required=True, type=Prefix(".param", ".bin"), help="Where to write.")
@network_options
@click.option(
    "--int8",
    "to_int8",
    is_flag=True,
    help="Calibrate on --images, or read the ranges of a quantized ONNX model, and run the network in int8.",
)
@click.option(
    "--images",
    multiple=True,
    metavar="IMAGES",
    help="The images to calibrate and to compare on: a directory, a list, an image or a .npy tensor, once per input.",
)
@fold_option
@pixel_options
@calibration_options
@click.option(
    "--table",
    "path",
    type=click.Path(exists=True, dir_okay=False),
    help="Run the layers of this table in int8, as ncnn2int8 does. How images become inputs is read from "
    "TABLE.preprocess.json, if that exists.",
)
@click.option("--fp16", is_flag=True, help="Store the weights that are not int8 as float16, as ncnn2int8 always does.")
@click.option(
    "--fuse/--no-fuse",
    default=None,
    help="Fold BatchNorm and Scale into the weights, and fuse ReLU and other activations into "
    "convolutions, as ncnnoptimize does; int8 convolutions then pass int8 to each other. "
    "By default for PyTorch and ONNX models; Caffe files keep their blobs.",
)
@click.option(
    "--all-int8",
    is_flag=True,
    help="Also run in int8 the grouped convolutions that ncnn computes incorrectly on x86, "
    "for other machines; by default they stay in float, with a warning.",
)
@force_option
@click.option("--no-check", is_flag=True, help="Do not run the files in ncnn to compare them.")
@resized_reading
@tolerance_option
def command(
    model: str,
    caffemodel: list[Path] | None,
    prefix: str,
    shapes: Shapes,
    types: tuple[InputType, ...],
    loading: ModelOptions,
    to_int8: bool,
    images: tuple[str, ...],
    fold_preprocessing: bool,
    pixels: PixelOptions,
    how_to_calibrate: CalibrationOptions,
    path: str | None,
    fp16: bool,
    fuse: bool | None,
    all_int8: bool,
    no_check: bool,
    tolerance: float,
    reading: Callable[[Shapes], CaffeReading],
) -> int:
    from ..convert.fold_pixels import network_of_pixels
    from ..convert.ncnn import export_ncnn
    from ..errors import UnsupportedError

    if to_int8 and path:
        raise click.UsageError("--int8 calibrates, --table is the result of a calibration: give one of them")
    if not to_int8 and how_to_calibrate.given:
        raise click.UsageError(f"these options need --int8: {', '.join(how_to_calibrate.given)}")
    if path and fold_preprocessing:
        raise click.UsageError("--table is of a network without --fold-preprocessing: calibrate with --int8 instead")
    how = pixels.read() if images or pixels.preprocess or pixels.mean else None
    folded = to_fold(how, fold_preprocessing)
    pixels_only: Pixels = how if folded is None else after_folding(folded)
    try:
        network = read_network(model, caffemodel, shapes, types, loading, reading, one_sample=True)
        folds: dict[str, str] = {}
        if folded is not None:
            network = network_of_pixels(network, folded)
            folds = network.graph.notes
        int8 = _Int8(network)
        if to_int8:
            int8 = _calibrated(network, f"{prefix}.table", images, pixels_only, how_to_calibrate)
        elif path:
            from ..backends.ncnn.table.file import read_table

            int8 = _Int8(network, read_table(path))
            pixels_only = how or _beside(path)
        samples = None if no_check else _samples(int8, pixels_only, images)
        with working(f"writing {prefix}.param and {prefix}.bin"):
            files, check = export_ncnn(
                int8.network,
                prefix,
                int8.table,
                samples=samples,
                fp16=fp16,
                fold=fuse if fuse is not None else not network.is_caffe,
                all_int8=all_int8,
                tolerance=tolerance,
                written=int8.written,
            )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    if int8.report is not None:
        int8.report()
    in_int8 = f", {files.int8} of them in int8" if int8.table else ""
    click.echo(f"{prefix}.param: {counted(len(files.lines), 'layer')}{in_int8}")
    _report(prefix, check)
    report_folded(folds)
    for new, old in files.renamed.items():
        click.echo(f"renamed {old!r} to {new}, which ncnn can parse")
    for text in files.notes:
        click.echo(f"warning: {text}", err=True)
    return 0


class _Int8(NamedTuple):
    """A network, its table, what writes and reports that, and the images of its calibration; None: there is none."""

    network: Network
    table: Table | None = None
    written: Callable[[], None] | None = None
    report: Callable[[], None] | None = None
    images: Dataset | None = None


def _calibrated(
    network: Network, table: str, images: tuple[str, ...], pixels: Pixels, how: CalibrationOptions
) -> _Int8:
    """The network calibrated on images, or without them by its own ranges. table: the path to write."""
    if not images:
        own, written = own_table(network.graph, table, how, "--int8")
        return _Int8(network, own, written, partial(report_own_table, table, own))
    from ..quantize.calibrate import Settings
    from ..quantize.job import Job, calibrated, write_files

    settings = Settings(how.method, keep_float=how.keep_float)
    job = Job(images, table, pixels, settings, command=command_line(), reads=network.files, **how.of_job)
    outcome = with_progress(calibrated, job, network.graph)
    if outcome.changes and outcome.in_float is not None:
        network = network.changed(outcome.graph, outcome.in_float)
    written, report = partial(write_files, job, outcome), partial(report_calibration, job, outcome)
    return _Int8(network, outcome.calibration.table, written, report, outcome.images)


def _beside(table: str) -> str | None:
    """The preprocessing file of a table, if there is one."""
    from ..quantize.preprocess_file import preprocess_path

    path = preprocess_path(table)
    return str(path) if path.is_file() else None


def _samples(int8: _Int8, pixels: Pixels, images: tuple[str, ...]) -> Samples:
    """What to run the files on: the images, or random inputs in the range of the real ones.

    Of images that were not those of a calibration, the numbers that they become are printed.
    """
    from ..convert.int8_inputs import image_inputs, inputs_in_range
    from ..convert.ncnn import Samples
    from ..quantize.images import Dataset
    from ..quantize.pixels import preprocess_of

    graph, dataset = int8.network.graph, int8.images
    if images and dataset is None:
        dataset = Dataset(images, graph.inputs, preprocess_of(pixels, graph))
        report_ranges(dataset.preprocess)
    if dataset is not None:
        arrays, what = image_inputs(dataset)
        return Samples(arrays, f"{what} of {', '.join(images)}")
    preprocess = preprocess_of(pixels, graph)
    report_ranges(preprocess)
    found, what = inputs_in_range(graph, int8.table, preprocess)
    return Samples([found], what)


def _report(prefix: str, check: Check) -> None:
    """Prints the size of the weights, how the files run in ncnn, and which layers lose most in int8."""
    click.echo(f"{prefix}.bin: {size_of(Path(f'{prefix}.bin').stat().st_size)}; {check.status}")
    if worst := check.worst_layers:
        click.echo(f"largest losses in int8, relative L2 that the layer adds: {worst}")

"""pytorch2caffe calibrate"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .caffe_options import part_reading
from .calibration_options import (
    CalibrationOptions,
    calibration_options,
    own_table,
    report_calibration,
    report_own_table,
    with_progress,
)
from .network_options import Shapes, network_options, read_network
from .options import MODEL_HELP, Caffemodels, ModelOptions, OutputFile, Prefix, force_option
from .page import command_line, read_json
from .pixel_options import PixelOptions, pixel_options
from .random_inputs import InputType
from .variadic_options import VariadicCommand

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading


@click.command(
    "calibrate",
    cls=VariadicCommand,
    help=f"""Computes the int8 scales of a network and writes the calibration table for ncnn.

The network is MODEL, or the Caffe files --proto and --model. {MODEL_HELP} It is run in
PyTorch, without Caffe. IMAGES is a directory, a list of paths, one image or one .npy tensor; once for each input of the
network, or .npz files that contain all inputs. The type of a file is recognized by its content, not its name.

\b
Examples:
  pytorch2caffe calibrate torchvision:resnet18 --weights resnet18.pth --input-shape 1,3,224,224 --images photos/ \\
      --order RGB --mean 123.675 116.28 103.53 --std 58.395 57.12 57.375 -o resnet18.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --norm 1 -o net.table
  pytorch2caffe calibrate best-qdq.onnx -o best.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images list.txt \\
      --mean 127.5 --norm 0.0078125 --method mse --report net.html -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --accuracy-budget 0.001 -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --table-format tensorrt:10.3.0 -o net.cache
TABLE.preprocess.json, written beside the table, describes how images become inputs.
Exit code 0 done; 2 it cannot be done: stderr gives the reason, and nothing is written.
""",
    short_help="Computes the int8 calibration table for ncnn, without Caffe.",
)
@click.argument("network", required=False, metavar="[MODEL]")
@click.option("--proto", type=click.Path(exists=True, dir_okay=False), help="The deploy prototxt of a Caffe network.")
@click.option("--model", type=Caffemodels(), help="Its caffemodel.")
@network_options
@part_reading
@click.option(
    "--images",
    multiple=True,
    metavar="IMAGES",
    help="The calibration images; without them, the ranges of a quantized ONNX model are used.",
)
@click.option("-o", "--output", required=True, type=OutputFile(), metavar="TABLE", help="Where to write the table.")
@pixel_options
@calibration_options
@click.option(
    "--percentile",
    "percent",
    type=float,
    default=99.99,
    show_default=True,
    help="The percentile of --method percentile.",
)
@click.option(
    "--group",
    type=click.IntRange(0, 1),
    default=1,
    show_default=True,
    help="1: a weight scale per output (per group of a grouped convolution). 0: one per layer.",
)
@click.option(
    "--limit-3x3/--no-limit-3x3",
    default=False,
    show_default=True,
    help="Quantize the weights of 3x3 convolutions of "
    "stride 1 to +-31 instead of +-127: ncnn may run them with Winograd's algorithm, whose int8 sums of "
    "transformed weights can overflow 16 bits on some ARM builds. It costs accuracy: use it if int8 is correct "
    "in the simulation and wrong on the device.",
)
@click.option("--inner-product/--no-inner-product", default=True, show_default=True, help="Quantize InnerProduct too.")
@click.option(
    "--save-network",
    type=Prefix(".prototxt", ".caffemodel"),
    metavar="PREFIX",
    help="Write the Caffe files for which the table is: --equalize and --bias-correction change weights.",
)
@click.option(
    "--scales-from-model",
    "from_model",
    is_flag=True,
    help="Instead of --images: the scales that MODEL has from quantization-aware training with torch.ao.quantization. "
    "They are for folded weights: ncnn --fuse.",
)
@click.option(
    "--table-format",
    "table_format",
    default="ncnn",
    show_default=True,
    metavar="NAME",
    help="ncnn; tensorrt, or tensorrt:10.3.0 for a version: a calibration cache; mnn: compression parameters; onnx: "
    "the network with QuantizeLinear and DequantizeLinear; tengine: a scale file.",
)
@force_option
@click.option(
    "--compare",
    "other",
    type=click.Path(exists=True, dir_okay=False),
    metavar="OTHER.json",
    help="Show the sensitivities and thresholds of another calibration beside these in the report: its FILE.json.",
)
@click.option(
    "--fold-bn", is_flag=True, help="Fold BatchNorm and Scale into the weights first, if the ncnn files are too."
)
@click.option(
    "--passes",
    type=click.IntRange(0, 2),
    default=0,
    help="Passes over the images. By default (0) one, and a second "
    "for the layers whose threshold is uncertain by more than one bin of 2048.",
)
@click.option("--batch", type=click.IntRange(1), default=4, show_default=True, help="Images per forward pass.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that decode images.")
@click.option("--device", default="cpu", show_default=True, help="Where to run the network: cpu, cuda, cuda:1 ...")
@click.option("--cpp", is_flag=True, help="Print the preprocessing as C++ for ncnn.")
def command(
    network: str | None,
    proto: str | None,
    model: list[Path] | None,
    shapes: Shapes,
    types: tuple[InputType, ...],
    loading: ModelOptions,
    reading: Callable[[Shapes], CaffeReading],
    images: tuple[str, ...],
    output: str,
    pixels: PixelOptions,
    how_to_calibrate: CalibrationOptions,
    percent: float,
    group: int,
    limit_3x3: bool,
    inner_product: bool,
    save_network: str | None,
    from_model: bool,
    table_format: str,
    other: str | None,
    fold_bn: bool,
    passes: int,
    batch: int,
    workers: int,
    device: str,
    cpp: bool,
) -> int:
    from ..frontends.torch.fake_quantizers import fake_quantization_read
    from ..passes.fold_batch_norm import fold_batch_norm
    from ..quantize.calibrate import Settings
    from ..quantize.job import Job, run
    from ..quantize.ncnn_source import to_cpp
    from ..quantize.tables.write import check_format

    if network is None and (proto is None or model is None):
        raise click.UsageError("give MODEL, or --proto and --model")
    if network is not None and (proto or model):
        raise click.UsageError("give MODEL, or --proto and --model, not both")
    if (how_to_calibrate.equalize or how_to_calibrate.bias_correction) and not save_network:
        raise click.UsageError("--equalize and --bias-correction change the network: give --save-network PREFIX too")
    check_format(table_format, output)
    if from_model and images:
        raise click.UsageError("--scales-from-model needs no --images: give one of them")
    if not images:
        if table_format != "ncnn":
            raise click.UsageError("--table-format needs calibration images: give --images")
        with fake_quantization_read() if from_model else nullcontext():
            read = read_network(network or str(proto), model, shapes, types, loading, reading)
        if from_model or fold_bn:
            fold_batch_norm(read.graph)
        table, write = own_table(read.graph, output, how_to_calibrate, "calibrate")
        write()
        report_own_table(output, table)
        return 0
    method, keep_float = how_to_calibrate.method, how_to_calibrate.keep_float
    settings = Settings(method, percent, bool(group), limit_3x3, inner_product, keep_float, passes)
    how = pixels.read()
    if other and not how_to_calibrate.report:
        raise click.UsageError("--compare is shown in the report: give --report FILE.html too")
    before = read_json(other, "layers") if other else None
    read = read_network(network or str(proto), model, shapes, types, loading, reading)
    job = Job(
        images,
        output,
        how,
        settings,
        fold_bn=fold_bn,
        network=save_network,
        batch=batch,
        workers=workers,
        device=device,
        command=command_line(),
        compare=before,
        reads=read.files,
        format=table_format,
        **how_to_calibrate.of_job,
    )
    outcome = with_progress(run, job, read.graph)
    report_calibration(job, outcome)
    if cpp:
        for one in outcome.preprocess.values():
            click.echo(to_cpp(one), nl=False)
    return 0

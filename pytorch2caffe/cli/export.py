"""pytorch2caffe export"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from ..deploy import TOOLCHAINS
from .caffe_options import target_option
from .common import add_data
from .deploy import images_option, report_folders
from .next_steps import next_step
from .options import (
    CAFFE_PREFIX,
    MODEL_HELP,
    ModelOptions,
    NamedShape,
    allow_any_output,
    check_runtime,
    force_option,
    model_options,
    named_shapes,
    note,
    print_acceptances,
    report_checks,
    report_weights,
    split_weights,
    tolerance_option,
)
from .page import working
from .pixel_options import PixelOptions, after_folding, fold_option, pixel_options, report_folded, to_fold
from .random_inputs import InputType, random_inputs, shape_advice, types_option
from .variadic_options import VariadicCommand
from .wording import counted

if TYPE_CHECKING:
    from ..graph.graph import Graph


@click.command(
    "export",
    cls=VariadicCommand,
    help=f"""Converts a PyTorch or ONNX model to PREFIX.prototxt and PREFIX.caffemodel.

{MODEL_HELP}

\b
Examples:
  pytorch2caffe export torchvision:resnet18 --input-shape 1,3,224,224 -o resnet18
  pytorch2caffe export mymodels.py:Net --weights net.pth --input-shape 1,3,512,512 -o net
  pytorch2caffe export mymodels:TwoInputs --input-shape 1,3,64,64 --input-shape 1,10 -o two
  pytorch2caffe export best.onnx -o net
  pytorch2caffe export net.py:Net --input-shape 1,3,64,64 --target all --dry-run
  pytorch2caffe export "net.py:make(classes=7)" --weights checkpoint.pth --input-shape 1,3,64,64 --target nnie -o net
A model file may register functions of its own: docs/adding-a-layer.md.
Exit code 0 done; 1 the files do not give the model's numbers; 2 it cannot be converted: stderr lists every reason.
With 1 or 2 nothing is written.
""",
    short_help="Converts PyTorch or ONNX to Caffe, compared before the files appear.",
)
@click.argument("model")
@click.option("-o", "--output", "prefix", type=CAFFE_PREFIX, help="Where to write.")
@click.option(
    "--input-shape",
    "shapes",
    type=NamedShape(),
    multiple=True,
    help="Once per input, in order; for ONNX only where sizes are open, or NAME=N,C,H,W.",
)
@target_option("The consumer of the files.")
@click.option(
    "--dry-run",
    is_flag=True,
    is_eager=True,
    callback=allow_any_output,
    help="Write nothing; with --target all: which consumers accept the network.",
)
@click.option("--fold-bn", is_flag=True, help="Fold BatchNorm and Scale into the weights of the preceding layer.")
@fold_option
@click.option(
    "--deploy",
    "toolchains",
    multiple=True,
    type=click.Choice(TOOLCHAINS),
    help="Also write what this toolchain wants beside the files, into PREFIX.TOOLCHAIN. Repeatable: docs/deploy.md.",
)
@images_option
@pixel_options
@split_weights
@click.option("--name", help="The network's name; by default the model's class.")
@check_runtime
@types_option
@click.option(
    "--input-range",
    nargs=2,
    type=float,
    metavar="LOW HIGH",
    help="The range of the random inputs, for a model that is not defined for others: 0 1. By default normal numbers.",
)
@click.option("--no-check", is_flag=True, help="Do not compare the written files with the model.")
@tolerance_option
@force_option
@model_options
def command(
    model: str,
    prefix: str | None,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    target: str,
    dry_run: bool,
    fold_bn: bool,
    fold_preprocessing: bool,
    toolchains: tuple[str, ...],
    images: tuple[str, ...],
    pixels: PixelOptions,
    split_weights: bool,
    name: str | None,
    check_runtime: bool | None,
    types: tuple[InputType, ...],
    input_range: tuple[float, float] | None,
    no_check: bool,
    tolerance: float,
    loading: ModelOptions,
) -> int:
    import torch

    from ..convert.export import export
    from ..convert.export_onnx import export_onnx
    from ..deploy.write import deploy, rehearse
    from ..errors import UnsupportedError
    from ..frontends.onnx.load import load_onnx
    from ..frontends.torch import trace
    from ..frontends.torch.loading.models import weights_are_given
    from ..graph.other_sizes import freedom
    from ..runtime.infer import infer

    if prefix is None and not dry_run:
        raise click.UsageError("Missing option '-o' / '--output'; --dry-run writes nothing.")
    if target == "all" and not dry_run:
        raise click.UsageError("--target all needs --dry-run: files are written for one consumer.")
    torch.manual_seed(loading.seed)
    sizes, names = named_shapes(shapes)
    given = pixels.read()
    folded = to_fold(given, fold_preprocessing)
    after = given if folded is None else after_folding(folded)
    if given is not None and not (fold_preprocessing or toolchains):
        raise click.UsageError("--mean and --preprocess are for --fold-preprocessing and --deploy: give one of them")
    rehearse(toolchains, after, sizes, images)
    from_onnx = loading.is_onnx(model)
    if from_onnx and fold_preprocessing:
        raise click.UsageError("--fold-preprocessing is for PyTorch models")
    convert: Callable[..., Graph]
    read: Callable[[], Graph]
    if from_onnx:
        if input_range or types:
            raise click.UsageError("--input-range and --input-type are for PyTorch models")
        convert = partial(export_onnx, model, input_shapes=dict(zip(names, sizes, strict=True)) or sizes or None)
        read = partial(load_onnx, model, dict(zip(names, sizes, strict=True)) or sizes or None)
    else:
        if names or not sizes:
            raise click.UsageError("a PyTorch model is run once to read it: give --input-shape 1,3,224,224 per input")
        net = loading.load(model)
        inputs = random_inputs(sizes, types, input_range)
        convert = partial(export, net, inputs, naming=loading.naming, fold_pixels=folded)
        read = partial(trace, net, inputs, naming=loading.naming)
    if dry_run:
        return _dry_run(model, read, target, fold_bn=fold_bn)
    try:
        with shape_advice(sizes), working(f"converting {model}"):
            graph = convert(
                prototxt=f"{prefix}.prototxt",
                caffemodel=f"{prefix}.caffemodel",
                dialect=target,
                name=name,
                fold_bn=fold_bn,
                split_weights=split_weights,
                check=not no_check,
                check_runtime=check_runtime,
                tolerance=tolerance,
            )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    click.echo(f"{prefix}.prototxt: {counted(len(graph.nodes), 'layer')} for {target}")
    status = "not checked" if no_check else "read back and equal to the model on a random input"
    report_weights(graph, f"{prefix}.prototxt", status + report_checks(graph))
    report_folded(graph.notes)
    click.echo(f"sizes: {freedom(graph, infer)}")
    add_data(layers=len(graph.nodes), target=target, checks=graph.checks)
    if line := next_step(target, str(prefix), graph.caffemodels):
        click.echo(f"next: {line}")
    if loading.weights is None and not weights_are_given(model) and any(node.blobs for node in graph.nodes):
        note(f"--weights was not given: these are the weights that {model} is created with, as a rule random ones")
    if toolchains:
        report_folders(deploy(f"{prefix}.prototxt", graph.caffemodels[0], str(prefix), toolchains, after, images))
    return 0


def _dry_run(model: str, read: Callable[[], Graph], target: str, *, fold_bn: bool) -> int:
    from ..backends.caffe.dialect_file import dialect
    from ..backends.caffe.lower import lower
    from ..convert.consumers import consumers_of
    from ..errors import UnsupportedError
    from ..runtime.infer import infer

    try:
        graph = read()
        if target == "all":
            print_acceptances(model, consumers_of(graph))
            return 0
        lowered = lower(graph, dialect(target), infer, fold_bn=fold_bn)
    except UnsupportedError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    click.echo(f"{model}: {counted(len(lowered.nodes), 'layer')} for {target}; nothing was written")
    return 0

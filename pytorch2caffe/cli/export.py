"""pytorch2caffe export"""

from __future__ import annotations

import click

from .options import (
    CAFFE_PREFIX,
    MODEL_HELP,
    Shape,
    check_runtime,
    model_options,
    note,
    random_inputs,
    report_checks,
    report_weights,
    split_weights,
    tolerance_option,
)


@click.command(
    "export",
    help=f"""Converts a PyTorch model to PREFIX.prototxt and PREFIX.caffemodel.

{MODEL_HELP}

\b
Examples:
  pytorch2caffe export torchvision:resnet18 --input-shape 1,3,224,224 -o resnet18
  pytorch2caffe export mymodels.py:Net --weights net.pth --input-shape 1,3,512,512 -o net
  pytorch2caffe export mymodels:TwoInputs --input-shape 1,3,64,64 --input-shape 1,10 -o two
  pytorch2caffe export "net.py:make(classes=7)" --weights checkpoint.pth --input-shape 1,3,64,64 --target nnie -o net
A model file may register functions of its own: docs/adding-a-layer.md.
Exit code 0 done; 1 the files do not give the model's numbers; 2 it cannot be converted: stderr lists every reason.
With 1 or 2 nothing is written.
""",
    short_help="Converts PyTorch to Caffe, compared before the files appear.",
)
@click.argument("model")
@click.option("-o", "--output", "prefix", required=True, type=CAFFE_PREFIX, help="Where to write.")
@click.option("--input-shape", "shapes", type=Shape(), multiple=True, required=True, help="Once per input, in order.")
@click.option("--target", default="caffe", show_default=True, metavar="DIALECT", help="The consumer of the files.")
@click.option("--fold-bn", is_flag=True, help="Fold BatchNorm and Scale into the weights of the preceding layer.")
@split_weights
@click.option("--name", help="The network's name; by default the model's class.")
@check_runtime
@click.option("--no-check", is_flag=True, help="Do not compare the written files with the model.")
@tolerance_option
@model_options
def command(
    model: str,
    prefix: str,
    shapes: tuple[tuple[int, ...], ...],
    target: str,
    fold_bn: bool,
    split_weights: bool,
    name: str | None,
    check_runtime: bool | None,
    no_check: bool,
    tolerance: float,
    weights: str | None,
    key: str | None,
    allow_extra_keys: bool,
    seed: int,
    naming: str,
) -> int:
    import torch
    from rich.console import Console
    from rich.text import Text

    from ..convert.export import export
    from ..errors import UnsupportedError
    from ..frontends.torch.loading.models import load_model
    from ..graph.other_sizes import freedom
    from ..runtime.build import infer

    torch.manual_seed(seed)
    net = load_model(model, weights, key, allow_extra_keys, note)
    try:
        with Console(stderr=True).status(Text(f"converting {model}")):
            graph = export(
                net,
                random_inputs(shapes),
                f"{prefix}.prototxt",
                f"{prefix}.caffemodel",
                dialect=target,
                name=name,
                naming=naming,
                fold_bn=fold_bn,
                split_weights=split_weights,
                check=not no_check,
                check_runtime=check_runtime,
                tolerance=tolerance,
            )
    except UnsupportedError as error:
        click.echo(f"error: {error}\nnothing was written", err=True)
        return 2
    click.echo(f"{prefix}.prototxt: {len(graph.nodes)} layers for {target}")
    status = "not checked" if no_check else "read back and equal to the model on a random input"
    report_weights(graph, f"{prefix}.prototxt", status + report_checks(graph))
    click.echo(f"sizes: {freedom(graph, infer)}")
    return 0

"""pytorch2caffe verify"""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import MODEL_HELP, Caffemodels, OutputFile, console, model_options, random_inputs


@click.command(
    "verify",
    help=f"""Runs a PyTorch model and its Caffe files on one input and compares them blob by blob.

{MODEL_HELP} The input's shape is the prototxt's.

\b
Examples:
  pytorch2caffe verify torchvision:resnet18 resnet18.prototxt resnet18.caffemodel
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --images cat.jpg \\
      --preprocess net.table.preprocess.json --json report.json
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --runtime caffe \\
      --runtime opencv --caffe-python "conda run -n caffe python"
Exit code 0 if they are equal in every runtime, 1 if not, 2 if it could not be found out in one of them.
""",
    short_help="A model against its files, layer by layer.",
)
@click.argument("model")
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    default=["builtin"],
    show_default=True,
    type=click.Choice(["builtin", "caffe", "opencv", "ncnn"]),
    help="May be repeated.",
)
@click.option("--caffe-python", help='The command of a Python with pycaffe, "conda run -n caffe python", say.')
@click.option("--tolerance", type=float, default=1e-4, show_default=True, help="Relative L2 difference.")
@click.option("--all", "every", is_flag=True, help="Show every blob.")
@click.option("--json", "report", type=OutputFile(), help="Write the comparison to this file, for programs.")
@click.option("--html", "page", type=OutputFile(), help="Write the tables to this file, for people.")
@click.option(
    "--images",
    multiple=True,
    metavar="IMAGES",
    help="Instead of random numbers, the first of these images; "
    "a directory, a list, an image or .npy tensor, once per input.",
)
@click.option(
    "--preprocess",
    type=click.Path(exists=True, dir_okay=False),
    help="How images become inputs: the TABLE.preprocess.json that calibrate wrote.",
)
@model_options
def command(  # type: ignore[no-untyped-def]
    model,
    prototxt,
    caffemodel,
    runtimes,
    caffe_python,
    tolerance,
    every,
    report,
    page,
    images,
    preprocess,
    weights,
    key,
    seed,
    naming,
):
    import torch

    from ..frontends.torch.loading.models import load_model

    if preprocess and not images:
        raise click.UsageError("--preprocess says how images become inputs: give --images too")
    torch.manual_seed(seed)
    net = load_model(model, weights, key)
    inputs = _first(prototxt, images, preprocess) if images else _random(prototxt)
    found, problems = _compare(
        net, prototxt, caffemodel, inputs, dict.fromkeys(runtimes), tolerance, naming, caffe_python
    )
    if report:
        _write(found, problems, report)
    _show(found, every, page)
    for runtime, error in problems.items():
        click.echo(f"error: runtime {runtime}: {error}", err=True)
    return 2 if problems else 0 if all(comparison.equal for comparison in found.values()) else 1


def _compare(net, prototxt, caffemodel, inputs, runtimes, tolerance, naming, caffe_python):  # type: ignore[no-untyped-def]
    """Each runtime's comparison, and what kept the others from running; raises what concerns all of them."""
    from ..errors import UnsupportedError
    from ..verify.runtimes import RuntimeFailed, RuntimeUnavailable
    from ..verify.verify import verify

    found, problems = {}, {}
    for runtime in runtimes:
        try:
            found[runtime] = verify(
                net,
                prototxt,
                caffemodel,
                inputs,
                runtime,
                tolerance=tolerance,
                naming=naming,
                caffe_python=caffe_python,
            )
        except (RuntimeUnavailable, RuntimeFailed, UnsupportedError) as error:
            if isinstance(error, UnsupportedError) and error.target == "traced":
                raise
            problems[runtime] = error
    return found, problems


def _show(found, every, page):  # type: ignore[no-untyped-def]
    from ..verify.report import table

    screen = console()
    screen.record = bool(page)
    for runtime, comparison in found.items():
        screen.print(f"runtime {runtime}", table(comparison, all=every))
    if page:
        from caffe_proto import atomic_write

        with atomic_write(page, "w", encoding="utf-8") as stream:
            stream.write(screen.export_html(inline_styles=True))


def _write(found, problems, report):  # type: ignore[no-untyped-def]
    from ..verify.report import to_json

    data = {name: to_json(comparison) for name, comparison in found.items()}
    data |= {name: {"equal": None, "error": str(error)} for name, error in problems.items()}
    Path(report).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _random(prototxt):  # type: ignore[no-untyped-def]
    from ..verify.verify import input_shapes

    return random_inputs(input_shapes(prototxt))


def _first(prototxt, images, preprocess):  # type: ignore[no-untyped-def]
    """The first images as the network's inputs, as many as its prototxt takes."""
    from ..quantize.job import first_inputs

    tensors = first_inputs(prototxt, images, preprocess)
    return tensors[0] if len(tensors) == 1 else tuple(tensors)

"""pytorch2caffe verify"""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import MODEL_HELP, Caffemodels, model_options, random_inputs


@click.command(
    "verify",
    help=f"""Runs a PyTorch model and its Caffe files on one input and compares them blob by blob.

{MODEL_HELP} The input's shape is the prototxt's.

\b
Examples:
  pytorch2caffe verify torchvision:resnet18 resnet18.prototxt resnet18.caffemodel
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --runtime caffe \\
      --caffe-python "chroot .caffe-root python3"
Exit code 0 if they are equal, 1 if not, 2 if it could not be found out.
""",
)
@click.argument("model")
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("--runtime", "runtimes", multiple=True, default=["builtin"], show_default=True,
              help="builtin, caffe, opencv, ncnn; may be repeated.")  # fmt: skip
@click.option("--caffe-python", help='The command of a Python with pycaffe, "conda run -n caffe python", say.')
@click.option("--tolerance", type=float, default=1e-4, show_default=True, help="Relative L2 difference.")
@click.option("--all", "every", is_flag=True, help="Show every blob.")
@click.option("--json", "report", type=click.Path(dir_okay=False), help="Write the comparison to this file.")
@click.option("--images", multiple=True, metavar="IMAGES", help="Instead of random numbers, the first of these images; "
              "a directory, a list, an image or .npy tensor, once per input.")
@click.option("--preprocess", type=click.Path(exists=True, dir_okay=False), help="How images become inputs: the "
              "TABLE.preprocess.json that calibrate wrote.")
@model_options
def command(  # type: ignore[no-untyped-def]
    model, prototxt, caffemodel, runtimes, caffe_python, tolerance, every, report, images, preprocess, weights, seed,
    naming,
):  # fmt: skip
    import torch
    from rich.console import Console

    from ..models import load_model
    from ..verify.report import table, to_json
    from ..verify.verify import input_shapes, verify

    torch.manual_seed(seed)
    net = load_model(model, weights)
    inputs = _first(prototxt, images, preprocess) if images else random_inputs(input_shapes(prototxt))
    found = {}
    for runtime in runtimes:
        comparison = verify(net, prototxt, caffemodel, inputs, runtime, tolerance=tolerance, naming=naming,
                            caffe_python=caffe_python)  # fmt: skip
        Console().print(f"runtime {runtime}", table(comparison, all=every))
        found[runtime] = comparison
    if report:
        text = json.dumps({name: to_json(comparison) for name, comparison in found.items()}, indent=1)
        Path(report).write_text(text, encoding="utf-8")
    return 0 if all(comparison.equal for comparison in found.values()) else 1


def _first(prototxt, images, preprocess):  # type: ignore[no-untyped-def]
    """The first images as the network's inputs, as many as its prototxt takes."""
    from ..quantize.job import first_inputs

    tensors = first_inputs(prototxt, images, preprocess)
    return tensors[0] if len(tensors) == 1 else tuple(tensors)

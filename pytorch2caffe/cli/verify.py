"""pytorch2caffe verify"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caffe_proto import atomic_write

from .options import (
    MODEL_HELP,
    Caffemodels,
    ModelOptions,
    OutputFile,
    console,
    force_option,
    model_options,
    note,
    tolerance_option,
)
from .page import html_option, read_json, working, write_page
from .pixel_options import PreprocessParameter, report_ranges
from .random_inputs import InputType, random_inputs, types_option
from .verify_ncnn import verify_ncnn_files

if TYPE_CHECKING:
    import numpy as np

    from ..quantize.image_options import ImageOptions
    from ..verify.compare import Comparison


@click.command(
    "verify",
    help=f"""Runs a PyTorch or ONNX model and its Caffe files on one input and compares them blob by blob.

{MODEL_HELP} The shapes of the inputs are those in the prototxt.

PROTOTXT CAFFEMODEL may be ncnn's .param and .bin, float or int8, which are compared layer by layer on the first ten
images; then MODEL may be a prototxt too, with its caffemodel as --weights.

\b
Examples:
  pytorch2caffe verify torchvision:resnet18 resnet18.prototxt resnet18.caffemodel
  pytorch2caffe verify best.onnx best.prototxt best.caffemodel
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --images cat.jpg \\
      --preprocess net.table.preprocess.json --json report.json
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --runtime caffe \\
      --runtime opencv --caffe-python "conda run -n caffe python"
  pytorch2caffe verify net.py:Net net-int8.param net-int8.bin --weights net.pth --images photos/ \\
      --preprocess net-int8.table.preprocess.json
  pytorch2caffe verify net.py:Net net.prototxt net.caffemodel --weights net.pth --html net.html --compare before.json
Exit code 0 if they are equal in every runtime, 1 if not, 2 if one of the runtimes could not run them.
""",
    short_help="Compares a model with its files, layer by layer.",
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
    type=click.Choice(["builtin", "caffe", "opencv", "ncnn", "mnn", "openvino", "coreml", "caffe2ncnn"]),
    help="May be repeated.",
)
@click.option(
    "--caffe-python", help='The command of a Python that has pycaffe, for example "conda run -n caffe python".'
)
@click.option("--openvino-python", help="The command of a Python with OpenVINO 2022: runs the files in it.")
@click.option("--coreml-python", help="The command of a Python with coremltools 4: converts the files in it.")
@click.option("--caffe2ncnn", help="The path of ncnn's tool caffe2ncnn: converts the files with it, and runs ncnn.")
@tolerance_option
@click.option("--all", "show_all", is_flag=True, help="Show every blob.")
@force_option
@click.option("--json", "report", type=OutputFile(dash=True), help="Write the comparison as JSON; - is stdout.")
@html_option
@click.option(
    "--compare",
    "other",
    type=click.Path(exists=True, dir_okay=False),
    metavar="OTHER.json",
    help="Also show the relative differences of another run beside these: the file that its --json has written.",
)
@click.option(
    "--images",
    multiple=True,
    metavar="IMAGES",
    help="Use the first of these images instead of random inputs: "
    "a directory, a list, an image or a .npy tensor, once per input.",
)
@click.option(
    "--preprocess",
    type=PreprocessParameter(),
    help="How images become inputs: the TABLE.preprocess.json that calibrate wrote, or a preset as in calibrate.",
)
@types_option
@model_options
def command(
    model: str,
    prototxt: str,
    caffemodel: list[Path],
    runtimes: tuple[str, ...],
    caffe_python: str | None,
    openvino_python: str | None,
    coreml_python: str | None,
    caffe2ncnn: str | None,
    tolerance: float,
    show_all: bool,
    report: str | None,
    html: str | None,
    other: str | None,
    images: tuple[str, ...],
    preprocess: ImageOptions | str | None,
    types: tuple[InputType, ...],
    loading: ModelOptions,
) -> int:
    import torch

    from ..verify.runtimes.ncnn import is_param_file

    if is_param_file(Path(prototxt)):
        if html or other or set(runtimes) - {"builtin", "ncnn"}:
            raise click.UsageError(".param and .bin files run in ncnn, and have neither --html nor --compare")
        pixels = images, preprocess
        return verify_ncnn_files(model, Path(prototxt), caffemodel, pixels, types, loading, tolerance, show_all, report)
    from ..frontends.torch.loading.models import weights_are_given
    from ..verify.onnx_model import verify_onnx
    from ..verify.verify import verify

    if preprocess and not images:
        raise click.UsageError("--preprocess describes how images become inputs: give --images too")
    torch.manual_seed(loading.seed)
    run: Callable[..., Comparison] = partial(verify_onnx, model)
    from_onnx = loading.is_onnx(model)
    if not from_onnx:
        run = partial(verify, loading.load(model), naming=loading.naming)
    shown = report != "-"
    inputs = _first_images(prototxt, images, preprocess, shown) if images else _random_inputs(prototxt, types)

    others = read_json(other, "blobs") if other else {}
    commands = {"openvino": openvino_python, "coreml": coreml_python, "caffe2ncnn": caffe2ncnn}

    def compare_in(runtime: str) -> Comparison:
        given = as_arrays(inputs) if from_onnx else inputs
        named = {"caffe_python": caffe_python, "command": commands.get(runtime)}
        with working(f"verifying {model} in runtime {runtime}"):
            return run(prototxt, caffemodel, given, runtime, tolerance=tolerance, histograms=html is not None, **named)

    added = [runtime for runtime, given in commands.items() if given]
    comparisons, errors = _compare(compare_in, dict.fromkeys([*runtimes, *added]))
    if report:
        _write_json(comparisons, errors, report)
    beside = _matched(comparisons, others)
    if shown:
        _print_tables(comparisons, show_all, beside)
    if html:
        from ..verify.page import comparison_sections

        failed = {runtime: str(error) for runtime, error in errors.items()}
        facts = {
            "model": model,
            "weights": loading.weights or "",
            "files": ", ".join(map(str, (prototxt, *caffemodel))),
            "runtime": ", ".join((*comparisons, *failed)),
            "tolerance": f"{tolerance:g}",
            "inputs": ", ".join(images) or f"random, seed {loading.seed}",
            "other run": other or "",
        }
        sections = comparison_sections(comparisons, failed, beside)
        write_page(html, f"{model} and its files", sections, {name: text for name, text in facts.items() if text})
    equal = all(comparison.equal for comparison in comparisons.values())
    if not equal and not from_onnx and loading.weights is None and not weights_are_given(model):
        note(
            "--weights was not given: the model has the weights that it is created with\n"
            "  fix: if the files are of a trained model, give its weights"
        )
    for runtime, error in errors.items():
        click.echo(f"error: runtime {runtime}: {error}", err=True)
    return 2 if errors else 0 if equal else 1


def as_arrays(inputs: Any) -> list[np.ndarray]:
    """A tensor, or a tuple of them, as arrays."""
    return [tensor.numpy() for tensor in (inputs if isinstance(inputs, tuple) else (inputs,))]


def _compare(
    compare_in: Callable[[str], Comparison], runtimes: Iterable[str]
) -> tuple[dict[str, Comparison], dict[str, Exception]]:
    """The comparison in each runtime, and the errors of those that could not run; raises what concerns all of them."""
    from ..errors import UnsupportedError
    from ..verify.runtimes import RuntimeFailed, RuntimeUnavailable

    comparisons: dict[str, Comparison] = {}
    errors: dict[str, Exception] = {}
    for runtime in runtimes:
        try:
            comparisons[runtime] = compare_in(runtime)
        except (RuntimeUnavailable, RuntimeFailed, UnsupportedError) as error:
            if isinstance(error, UnsupportedError) and error.target == "traced":
                raise
            errors[runtime] = error
    return comparisons, errors


def _print_tables(comparisons: Mapping[str, Comparison], show_all: bool, others: Mapping[str, Any]) -> None:
    from ..verify.report import table

    for runtime, comparison in comparisons.items():
        console().print(f"runtime {runtime}", table(comparison, all=show_all, other=others.get(runtime)))


def _matched(comparisons: Mapping[str, Comparison], others: Mapping[str, Any]) -> dict[str, Any]:
    """The reports of another run, by the runtime of this run: the same one, or the only one."""
    compared = {runtime: report for runtime, report in others.items() if "blobs" in report}
    found = {runtime: compared[runtime] for runtime in comparisons if runtime in compared}
    if not found and len(comparisons) == len(compared) == 1:
        found = dict(zip(comparisons, compared.values(), strict=True))
    return found


def _write_json(comparisons: Mapping[str, Comparison], errors: Mapping[str, Exception], path: str) -> None:
    from ..verify.report import to_json

    data: dict[str, Any] = {name: to_json(comparison) for name, comparison in comparisons.items()}
    data |= {name: {"equal": None, "error": str(error)} for name, error in errors.items()}
    if path == "-":
        click.echo(json.dumps(data, indent=1))
        return
    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(data, indent=1) + "\n")


def _random_inputs(prototxt: str, types: tuple[InputType, ...]) -> Any:
    from ..verify.verify import input_shapes

    return random_inputs(input_shapes(prototxt), types)


def _first_images(prototxt: str, images: tuple[str, ...], pixels: ImageOptions | str | None, shown: bool) -> Any:
    """The first images as inputs of the network, as many as its batch; prints their range if that is to be shown."""
    from ..frontends.caffe.reader import load_caffe
    from ..quantize.images import Dataset
    from ..quantize.job import first_inputs
    from ..quantize.pixels import preprocess_of

    graph = load_caffe(prototxt)
    dataset = Dataset(images, graph.inputs, preprocess_of(pixels, graph))
    tensors = first_inputs(dataset)
    if shown:
        report_ranges(dataset.preprocess)
    return tensors[0] if len(tensors) == 1 else tuple(tensors)

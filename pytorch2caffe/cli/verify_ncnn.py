"""`verify` of ncnn's .param and .bin: the table of the layers and what each adds to the loss."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caffe_proto import atomic_write

from .common import add_data
from .network_options import is_caffe
from .options import ModelOptions, console
from .page import working
from .pixel_options import report_ranges
from .random_inputs import InputType, random_inputs
from .wording import counted

if TYPE_CHECKING:
    import numpy as np

    from ..convert.network import Network
    from ..quantize.image_options import ImageOptions
    from ..quantize.preprocess import Preprocess
    from ..verify.int8_losses import LayerLoss, Losses

MOST_SHOWN = 10


def verify_ncnn_files(
    model: str,
    param: Path,
    binaries: Sequence[Path],
    pixels: tuple[tuple[str, ...], ImageOptions | str | None],
    types: tuple[InputType, ...],
    loading: ModelOptions,
    tolerance: float,
    show_all: bool,
    report: str | None,
) -> int:
    """Compares, prints and returns the exit code: 1 if float files differ by more than the tolerance."""
    from ..convert.verify_ncnn import compare_ncnn_files
    from ..verify.runtimes.ncnn import input_shapes

    if len(binaries) != 1:
        raise click.UsageError(f"{param} has one .bin")
    network = _network(model, input_shapes(param), types, loading)
    samples, what, preprocess = _samples(network, *pixels)
    with working(f"verifying {param} in ncnn"):
        losses = compare_ncnn_files(network, param, binaries[0], samples)
    int8 = sum(layer.int8 for layer in losses.layers)
    layers = [vars(layer) for layer in losses.layers]
    data = {"outputs": list(losses.outputs), "same_top": losses.same_top, "layers": layers}
    add_data(ncnn=data)
    if report and report != "-":
        with atomic_write(report, "w", encoding="utf-8") as stream:
            stream.write(json.dumps({"ncnn": data}, indent=1) + "\n")
    if report == "-":
        click.echo(json.dumps({"ncnn": data}, indent=1))
    else:
        report_ranges(preprocess)
        _print(losses, what, int8, show_all)
    return int(not int8 and any(layer.relative_l2 > tolerance for layer in losses.layers))


def _network(
    model: str, shapes: Sequence[tuple[int, ...]], types: tuple[InputType, ...], loading: ModelOptions
) -> Network:
    from ..convert import network

    if is_caffe(model):
        if not loading.weights:
            raise click.UsageError(f"{model} is a network of Caffe: give its caffemodel as --weights")
        return network.of_caffe(model, [Path(loading.weights)])
    if loading.is_onnx(model):
        return network.of_onnx(model, list(shapes))
    import torch

    torch.manual_seed(loading.seed)
    return network.of_model(loading.load(model), random_inputs(shapes, types), loading.naming)


def _samples(
    network: Network, images: tuple[str, ...], preprocess: ImageOptions | str | None
) -> tuple[Sequence[Mapping[str, np.ndarray]], str, Mapping[str, Preprocess]]:
    """The inputs to compare on, what they are, and how images become them."""
    from ..convert.int8_inputs import image_inputs, inputs_in_range
    from ..quantize.images import Dataset
    from ..quantize.pixels import preprocess_of

    graph = network.graph
    if images:
        dataset = Dataset(images, graph.inputs, preprocess_of(preprocess, graph))
        return *image_inputs(dataset), dataset.preprocess
    arrays, what = inputs_in_range(graph, None, {})
    return [arrays], what, {}


def _print(losses: Losses, what: str, int8: int, show_all: bool) -> None:
    from rich.table import Table

    table = Table("layer", "int8", "cosine", "rel L2", "adds", highlight=False)
    for layer in losses.layers if show_all else losses.worst[:MOST_SHOWN]:
        table.add_row(*_row(layer))
    count = len(losses.outputs)
    line = f"cosine of the outputs {losses.cosine} on {what}"
    same = f"the same largest output for {losses.same_top} of {count}"
    click.echo(f"{counted(len(losses.layers), 'layer')} compared, {int8} of them in int8; {line}; {same}")
    if table.row_count:
        console().print(table)


def _row(layer: LayerLoss) -> list[Any]:
    numbers = f"{layer.cosine:.6f}", f"{layer.relative_l2:.1e}", f"{layer.added:.1e}"
    return [layer.name, "yes" if layer.int8 else "", *numbers]

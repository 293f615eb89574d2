"""The network that a command reads: a PyTorch model, an ONNX file or Caffe files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .caffe_options import Shapes
from .options import ModelOptions, NamedShape, model_options, named_shapes, note
from .random_inputs import InputType, random_inputs, shape_advice, types_option

if TYPE_CHECKING:
    from ..convert.network import Network
    from ..frontends.caffe.reading import CaffeReading


def network_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--input-shape, --input-type, and the options of PyTorch models."""
    return click.option(
        "--input-shape",
        "shapes",
        type=NamedShape(),
        multiple=True,
        help="For PyTorch once per input, in order; for ONNX only where sizes are open, or NAME=N,C,H,W; for Caffe "
        "files to change the size of the one input.",
    )(types_option(model_options(function)))


def is_caffe(model: str) -> bool:
    """Whether MODEL is the prototxt of Caffe files."""
    return Path(model).suffix.lower() in (".prototxt", ".pt.txt", ".pbtxt")


def read_network(
    model: str,
    caffemodel: list[Path] | None,
    shapes: Shapes,
    types: tuple[InputType, ...],
    loading: ModelOptions,
    reading: Callable[[Shapes], CaffeReading],
    one_sample: bool = False,
) -> Network:
    """The network of the command line. Raises click.UsageError for options that it does not have.

    reading:    how Caffe files are read, for the shapes of their inputs.
    one_sample: Caffe files of several samples are read as of one, and this is noted.
    """
    if caffemodel or is_caffe(model):
        options = {"--weights": loading.weights, "--weights-key": loading.key}
        return _caffe(model, caffemodel, options, reading(shapes), one_sample)
    sizes, names = named_shapes(shapes)
    from ..convert import network

    if loading.is_onnx(model):
        return network.of_onnx(model, dict(zip(names, sizes, strict=True)) or sizes or None)
    if names or not sizes:
        raise click.UsageError("a PyTorch model is run once to read it: give --input-shape 1,3,224,224 per input")
    import torch

    torch.manual_seed(loading.seed)
    with shape_advice(sizes):
        net = loading.load(model)
        return network.of_model(net, random_inputs(sizes, types), loading.naming)


def _caffe(
    model: str,
    caffemodel: list[Path] | None,
    others: dict[str, str | None],
    how: CaffeReading,
    one_sample: bool,
) -> Network:
    from ..convert import network

    if wrong := [option for option, value in others.items() if value]:
        raise click.UsageError(f"{', '.join(wrong)}: a caffemodel has the weights of Caffe files")
    if not caffemodel:
        raise click.UsageError(f"{model} is a network of Caffe: give its caffemodel too")
    if not Path(model).is_file():
        raise click.UsageError(f"there is no file {model!r}")
    read = network.of_caffe(model, caffemodel, how)
    if not one_sample:
        return read
    batch = {value.shape[:1] for value in read.graph.inputs}
    if how.batch is None and how.input_shape is None and len(batch) == 1 and batch != {(1,)}:
        read = network.of_caffe(model, caffemodel, replace(how, batch=1))
        note(f"the file has {next(iter(batch))[0]} samples; ncnn has no batch axis: written for 1 (--batch 1)")
    return read

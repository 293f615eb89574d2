"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caffe_proto import several

if TYPE_CHECKING:
    from ..graph import Graph

MODEL_HELP = """MODEL is `package.module:callable`, `path/file.py:callable`, `torchvision:NAME` or an exported program
`FILE.pt2`."""


class Shape(click.ParamType):
    """1,3,224,224"""

    name = "N,C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers as a tuple."""
        if isinstance(value, tuple):
            return value
        try:
            shape = tuple(int(part) for part in str(value).replace("x", ",").split(","))
        except ValueError:
            self.fail(f"{value!r} is no shape; write 1,3,224,224", param, ctx)
        if any(size < 1 for size in shape):
            self.fail(f"{value!r} has a size below 1", param, ctx)
        if _product(shape) > 2**31:
            self.fail(f"{value!r} has more than 2^31 numbers", param, ctx)
        return shape


class Caffemodels(click.ParamType):
    """The files of a network's weights: one, or several with commas between."""

    name = "caffemodel"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """How help shows it."""
        return "CAFFEMODEL[,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Path]:
        """Their paths. Fails if one is not there."""
        paths = value if isinstance(value, list) else several(str(value))
        for path in paths:
            if not path.is_file():
                self.fail(f"there is no file {str(path)!r}", param, ctx)
        return paths


def say_weights(graph: Graph, prototxt: str, proof: str) -> None:
    """Says where the weights of a graph are now."""
    from ..writers.caffe import blobs_in_bytes

    files = ", ".join(map(str, graph.caffemodels))
    click.echo(f"{files}: {blobs_in_bytes(graph) / 1e6:.1f} MB of weights; {proof}")
    say_how_to_load(prototxt, graph.caffemodels)


def say_how_to_load(prototxt: str, caffemodels: Sequence[Path]) -> None:
    """Says what Caffe must be told, if the weights are in several files."""
    if len(caffemodels) > 1:
        click.echo(f"Caffe needs all {len(caffemodels)} caffemodels, and says nothing where one is missing:")
        click.echo(f"  net = caffe.Net({prototxt!r}, caffe.TEST)")
        for path in caffemodels:
            click.echo(f"  net.copy_from({str(path)!r})")


def _product(shape: Sequence[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--weights, --seed, --naming."""
    for option in (
        click.option("--naming", type=click.Choice(["modules", "legacy"]), default="modules", show_default=True,
                     help="Layer names: the modules' own, or conv1, conv_blob1 as in older converters."),
        click.option("--seed", type=int, default=0, show_default=True, help="For random weights and inputs."),
        click.option("--weights", type=click.Path(dir_okay=False), help="A state_dict (.pth) or .safetensors file."),
    ):  # fmt: skip
        function = option(function)
    return function


def split_weights(function: Callable[..., Any]) -> Callable[..., Any]:
    """--split-weights."""
    return click.option("--split-weights", is_flag=True, help="Write weights beyond what Caffe reads in one file, "
                        "2^31 - 1 bytes, as several: PREFIX-1-of-2.caffemodel ...")(function)  # fmt: skip


def random_inputs(shapes: Sequence[tuple[int, ...]]) -> Any:
    """A random tensor per shape; a tuple of them if there are several."""
    import torch

    tensors = tuple(torch.randn(shape) for shape in shapes)
    return tensors[0] if len(tensors) == 1 else tensors

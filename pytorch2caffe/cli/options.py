"""Options and output that several commands share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from caffe_proto import replacement_guard, weight_files

from ..formats.own_files import OwnFiles
from .common import is_quiet
from .option_groups import collected
from .output_types import OutputFile as OutputFile
from .output_types import Prefix as Prefix
from .wording import size_of

if TYPE_CHECKING:
    from rich.console import Console

    from ..convert.consumers import Acceptance
    from ..graph.graph import Graph

MODEL_HELP = """MODEL is `package.module:callable` or `path/file.py:callable`, a model or what returns one, with
arguments if needed: `net.py:make(classes=7)`; `torchvision:NAME`; an exported program `FILE.pt2`; a TorchScript
program `FILE.pt`; a complete model `FILE.pth` made of torch.nn's and torchvision's own classes; or `FILE.onnx`, whose
weights it has itself. Python that you name is imported, which runs it; no other file runs code, unless --trust."""
WIDTH = 140  # columns of a table that is written to a file or a pipe


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
            self.fail(f"{value!r} is not a shape: write 1,3,224,224", param, ctx)
        if any(size < 1 for size in shape):
            self.fail(f"{value!r} has a size below 1: write 1,3,224,224", param, ctx)
        if math.prod(shape) > 2**31:
            self.fail(f"{value!r} has more than 2^31 elements: give a smaller shape", param, ctx)
        return shape


class NamedShape(Shape):
    """1,3,224,224, or images=1,3,224,224 with the name of an input; names that contain "=" are not supported."""

    name = "[NAME=]N,C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, "" without one, and the numbers as a tuple."""
        if isinstance(value, tuple):
            return value
        name, _, sizes = str(value).rpartition("=")
        return name, super().convert(sizes, param, ctx)


def is_onnx(model: str) -> bool:
    """Whether MODEL is an ONNX file."""
    return Path(model).suffix.lower() == ".onnx"


class CheckpointOptions(NamedTuple):
    """The options of `checkpoint_options`."""

    key: str | None
    allow_extra_keys: bool
    trust: bool


class ModelOptions(NamedTuple):
    """The options of `model_options`."""

    weights: str | None
    key: str | None
    allow_extra_keys: bool
    seed: int
    naming: str
    trust: bool

    def is_onnx(self, model: str) -> bool:
        """Whether MODEL is an ONNX file. Raises click.UsageError for options that it does not have."""
        if not is_onnx(model):
            return False
        naming = self.naming if self.naming != "modules" else None
        given = {"--weights": self.weights, "--weights-key": self.key, "--naming": naming}
        if wrong := [option for option, value in given.items() if value]:
            raise click.UsageError(f"{', '.join(wrong)}: an ONNX file has its own weights and names")
        return True

    def load(self, model: str) -> Callable[..., Any]:
        """The PyTorch model with its weights; extra keys are noted."""
        from ..frontends.torch.loading.models import load_model

        return load_model(model, self.weights, self.key, self.allow_extra_keys, note, self.trust)


def named_shapes(
    shapes: Sequence[tuple[str, tuple[int, ...]]],
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """The shapes, and the inputs' names if they were given. Raises click.UsageError if only some were."""
    names = [name for name, _ in shapes if name]
    if names and len(names) != len(shapes):
        raise click.UsageError("--input-shape: give a name with each shape, or with none")
    return tuple(sizes for _, sizes in shapes), tuple(names)


CAFFE_PREFIX = Prefix(".prototxt", ".caffemodel")


def console() -> Console:
    """Stdout for tables: as wide as the terminal; in a file or pipe wide enough for long names."""
    from rich.console import Console

    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=WIDTH)


class Caffemodels(click.ParamType):
    """The files of a network's weights: one, or several separated by commas."""

    name = "caffemodel"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """How --help shows it."""
        return "CAFFEMODEL[,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Path]:
        """Their paths. Fails if one does not exist."""
        paths = value if isinstance(value, list) else weight_files(str(value))
        for path in paths:
            if not path.is_file():
                self.fail(f"there is no file {str(path)!r}", param, ctx)
        return paths


def report_weights(graph: Graph, prototxt: str, status: str) -> None:
    """Prints the files of a graph's weights, their size and `status`, whether they were compared."""
    from ..backends.caffe.writer import blobs_in_bytes

    files = ", ".join(map(str, graph.caffemodels))
    click.echo(f"{files}: {size_of(blobs_in_bytes(graph))} of weights; {status}")
    report_shards(prototxt, graph.caffemodels)


def report_shards(prototxt: str, caffemodels: Sequence[Path]) -> None:
    """Prints how to load the weights in Caffe, if they are in several files."""
    if len(caffemodels) > 1:
        click.echo(f"Caffe needs all {len(caffemodels)} caffemodels, and does not report a missing one:")
        click.echo(f"  net = caffe.Net({prototxt!r}, caffe.TEST)")
        for path in caffemodels:
            click.echo(f"  net.copy_from({str(path)!r})")


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--weights, --weights-key, --allow-extra-keys, --seed, --naming, --trust, as the argument `loading`."""
    function = collected(function, "loading", ModelOptions)
    for option in (
        click.option(
            "--naming",
            type=click.Choice(["modules", "legacy"]),
            default="modules",
            show_default=True,
            help="Layer names: those of the modules, or conv1, conv_blob1, compatible with PytorchToCaffe.",
        ),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of random weights and inputs."),
        _checkpoint_options,
        click.option(
            "--weights",
            type=click.Path(dir_okay=False),
            help="The model's weights: a state_dict, a checkpoint that "
            "contains one, a complete model, .safetensors, .npz. None of their code is run.",
        ),
    ):
        function = option(function)
    return function


def checkpoint_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--weights-key, --allow-extra-keys, --trust, as the argument `checkpoint`."""
    return _checkpoint_options(collected(function, "checkpoint", CheckpointOptions))


def _checkpoint_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--trust", is_flag=True, help="Load a FILE.pt2 that may run code: know who wrote it."),
        click.option(
            "--allow-extra-keys",
            is_flag=True,
            help="Leave out weights that the model does not have, such as a head for training only, and list them.",
        ),
        click.option(
            "--weights-key",
            "key",
            metavar="KEY",
            help="The entry of the checkpoint that contains the weights, if several would fit, for example ema.",
        ),
    ):
        function = option(function)
    return function


def force_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--force, which acts before the paths of outputs are checked."""

    text = "Replace existing files, even if no command of this package wrote them, or they were changed since."
    force = click.option(
        "--force", is_flag=True, is_eager=True, expose_value=False, callback=allow_any_output, help=text
    )
    return force(function)


def allow_any_output(ctx: click.Context, param: click.Parameter, given: bool) -> bool:
    """The callback of an eager option with which paths of outputs may be those of any files."""
    guard = replacement_guard.get()
    if given and isinstance(guard, OwnFiles):
        guard.force = True
    return given


def note(text: str) -> None:
    """Prints a note to stderr, unless the command is to be quiet."""
    if is_quiet():
        return
    click.echo(f"note: {text}", err=True)


def split_weights(function: Callable[..., Any]) -> Callable[..., Any]:
    """--split-weights."""
    return click.option(
        "--split-weights",
        is_flag=True,
        help="Write more weights than Caffe reads from one file, "
        "2^31 - 1 bytes, to several: PREFIX-1-of-2.caffemodel ...",
    )(function)


def check_runtime(function: Callable[..., Any]) -> Callable[..., Any]:
    """--check-runtime, --no-check-runtime."""
    return click.option(
        "--check-runtime/--no-check-runtime",
        default=None,
        help="Also run the files in the consumer itself: OpenCV for opencv, real Caffe for caffe. By default if it is "
        "installed and the network has at most 5 G multiply-adds and 300 MB of weights.",
    )(function)


def report_checks(graph: Graph) -> str:
    """Which consumers ran the written files, or why not, as the end of a line."""
    return "".join(
        f"; not run in {name}: {why} (--check-runtime)" if why else f"; equal in {name}"
        for name, why in graph.checks.items()
    )


def tolerance_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--tolerance."""
    return click.option(
        "--tolerance",
        type=click.FloatRange(min=0),
        default=1e-4,
        show_default=True,
        help="The largest relative difference that counts as equal in any case; a larger one may still be rounding.",
    )(function)


def print_acceptances(network: str, acceptances: Sequence[Acceptance]) -> None:
    """Prints a table of the consumers, and for those that do not accept the network, why."""
    from rich.markup import escape
    from rich.table import Table

    from ..convert.consumers import COLUMNS
    from ..formats.visible import visible

    count = sum(not each.problems for each in acceptances)
    table = Table(title=f"{network}: {count} of {len(acceptances)} consumers accept it", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for each in acceptances:
        table.add_row(*(escape(visible(cell, keep="\n")) for cell in each.cells()))
    console().print(table)

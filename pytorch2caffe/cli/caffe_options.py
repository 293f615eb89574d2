"""Options of every command that reads Caffe files: which part of the network is meant, and the sizes of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .option_groups import collected
from .options import NamedShape, named_shapes

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading, InputShape

Shapes = tuple[tuple[str, tuple[int, ...]], ...]

input_shape_option = click.option(
    "--input-shape",
    "input_shapes",
    type=NamedShape(),
    multiple=True,
    help="The shape of the input, or of each input as NAME=N,C,H,W, instead of the file's.",
)


def target_option(help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--target, whose names the shell completes."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
        from ..backends.caffe.dialect_file import names

        return [name for name in names() if name.startswith(incomplete)]

    return click.option(
        "--target", default="caffe", show_default=True, metavar="DIALECT", help=help, shell_complete=complete
    )


batch_option = click.option("--batch", type=click.IntRange(1), help="The first size of every input: samples at a time.")


def cut_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--start, --end."""
    function = click.option(
        "--end", multiple=True, metavar="BLOB", help="Only what this blob needs; it is an output. Repeatable."
    )(function)
    return click.option(
        "--start",
        type=NamedShape(),
        multiple=True,
        metavar="BLOB=N,C,H,W",
        help="Only what follows this blob; it is an input of this shape. Repeatable.",
    )(function)


def part_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--phase, --stage, --ignore-field."""
    for option in (
        click.option(
            "--ignore-field",
            "ignore_fields",
            multiple=True,
            metavar="NAME",
            help="Leave out a field of a layer that is not supported: you know that it changes nothing at inference.",
        ),
        click.option("--stage", "stages", multiple=True, help="A stage that include and exclude rules name."),
        click.option(
            "--phase",
            type=click.Choice(["TEST", "TRAIN"]),
            default="TEST",
            show_default=True,
            help="Read the layers that the file includes in this phase; they compute as in testing.",
        ),
    ):
        function = option(function)
    return function


def caffe_reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of these options, as the argument `reading` of the command."""

    def resized(input_shapes: Shapes, reading: Callable[[Shapes], CaffeReading]) -> CaffeReading:
        return reading(input_shapes)

    return input_shape_option(resized_reading(collected(function, "reading", resized)))


def resized_reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of these options but --input-shape, as the argument `reading`: what `reading_of` gives."""
    return batch_option(cut_options(part_options(collected(function, "reading", reading_of))))


def part_reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of these options but --input-shape and --batch, as the argument `reading`: what `reading_of` gives."""

    def read(
        phase: str, stages: tuple[str, ...], start: Shapes, end: tuple[str, ...], ignore_fields: tuple[str, ...]
    ) -> Callable[[Shapes], CaffeReading]:
        return reading_of(None, phase, stages, start, end, ignore_fields)

    return cut_options(part_options(collected(function, "reading", read)))


def reading_of(
    batch: int | None = None,
    phase: str = "TEST",
    stages: tuple[str, ...] = (),
    start: Shapes = (),
    end: tuple[str, ...] = (),
    ignore_fields: tuple[str, ...] = (),
) -> Callable[[Shapes], CaffeReading]:
    """The CaffeReading for the shapes of the inputs.

    It raises click.UsageError for two shapes without names, and for starts without.
    """

    def reading(input_shapes: Shapes) -> CaffeReading:
        from ..frontends.caffe.reading import CaffeReading

        sizes, names = named_shapes(input_shapes)
        if len(sizes) > 1 and not names:
            raise click.UsageError("--input-shape: several inputs: give each as NAME=N,C,H,W")
        shape: InputShape | None = dict(zip(names, sizes, strict=True)) if names else next(iter(sizes), None)
        return CaffeReading(shape, batch, phase, stages, 0, starts(start), end, ignore_fields)

    return reading


def starts(start: Shapes) -> dict[str, tuple[int, ...]]:
    """The blobs to start at, with their shapes. Raises click.UsageError for one without a name."""
    if any(not name for name, _ in start):
        raise click.UsageError("--start: name the blob: --start conv5=1,512,7,7")
    return dict(start)

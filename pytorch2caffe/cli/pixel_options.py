"""Options that say how images become a network's inputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..quantize.job import ImageOptions


def pixel_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--mean, --norm, --std, --order, --resize, --preprocess, for a VariadicCommand."""
    for option in (
        click.option(
            "--preprocess",
            type=click.Path(exists=True, dir_okay=False),
            help="A TABLE.preprocess.json to use instead of the options above.",
        ),
        click.option(
            "--resize",
            metavar="N|HxW",
            help="Resize the shorter side to N, or the image to HxW, and crop the "
            "network's size from the centre. By default images are resized to the network's size.",
        ),
        click.option(
            "--order",
            type=click.Choice(["BGR", "RGB"]),
            default="BGR",
            show_default=True,
            help="Order of the network's three channels; a network of one channel gets grey images.",
        ),
        click.option("--std", multiple=True, type=float, metavar="F...", help="Instead of --norm: the divisor."),
        click.option(
            "--norm", multiple=True, type=float, metavar="F...", help="The factor applied after that; 1 by default."
        ),
        click.option(
            "--mean",
            multiple=True,
            type=float,
            metavar="M...",
            help="Subtracted from each pixel, 0..255: one number, or one per channel in the order of the channels.",
        ),
    ):
        function = option(function)
    return function


def pixels_of(
    mean: tuple[float, ...],
    norm: tuple[float, ...],
    std: tuple[float, ...],
    order: str,
    resize: str | None,
    preprocess: str | None,
) -> ImageOptions | str | None:
    """How images become inputs: the options, or the path of a file with them, or None."""
    from ..quantize.job import ImageOptions

    if norm and std:
        raise click.UsageError("--norm multiplies and --std divides: give one of them")
    if preprocess:
        if mean or norm or std or resize:
            raise click.UsageError("--preprocess replaces --mean, --norm, --std and --resize: omit them")
        return preprocess
    if not mean:
        if norm or std or resize:
            raise click.UsageError("--mean is missing: give --mean 0 if the network has none")
        return None
    if std and not all(std):
        raise click.UsageError("--std 0 would divide by 0: give a number above 0")
    return ImageOptions(mean, tuple(1 / value for value in std) or norm or (1.0,), order, _sides(resize))


def _sides(resize: str | None) -> tuple[int, ...] | None:
    if resize is None:
        return None
    if not (match := re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", resize)):
        raise click.UsageError(f"--resize {resize!r} is not a size: write 256 or 256x256")
    return tuple(int(side) for side in match.groups() if side)

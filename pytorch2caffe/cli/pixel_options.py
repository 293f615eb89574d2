"""Options that say how images become a network's inputs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .option_groups import collected

if TYPE_CHECKING:
    from ..quantize.image_options import ImageOptions
    from ..quantize.pixels import Pixels
    from ..quantize.preprocess import Preprocess


class PreprocessParameter(click.ParamType):
    """A preset, as ImageOptions, or the path of a preprocessing file."""

    name = "PRESET|FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ImageOptions | str:
        """Whichever it is. Fails for what is neither."""
        from ..errors import ConversionError
        from ..quantize.presets import FORMS, PRESETS, is_preset, preset

        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            if is_preset(value):
                return preset(value)
        except (ConversionError, OSError) as error:
            self.fail(str(error), param, ctx)
        if not Path(value).is_file():
            near = difflib.get_close_matches(value, PRESETS, 1)
            self.fail(f"{value!r} is not a file: write {near[0] if near else FORMS}", param, ctx)
        return value


GEOMETRY = ("resize", "fit", "fill", "stride", "interpolation", "tensors")


class PixelOptions(NamedTuple):
    """The options of `pixel_options`."""

    mean: tuple[float, ...]
    norm: tuple[float, ...]
    std: tuple[float, ...]
    order: str
    resize: str | None
    fit: str | None
    fill: tuple[float, ...]
    stride: int
    interpolation: str | None
    tensors: str | None
    preprocess: ImageOptions | str | None

    def read(self) -> ImageOptions | str | None:
        """How images become inputs: the options, or the path of a file with them, or None."""
        from ..quantize.image_options import ImageOptions

        mean, norm, std, order, preprocess = self.mean, self.norm, self.std, self.order, self.preprocess
        changes = self._changes()
        if norm and std:
            raise click.UsageError("--norm multiplies and --std divides: give one of them")
        if isinstance(preprocess, ImageOptions):
            if mean or norm or std:
                raise click.UsageError("--preprocess replaces --mean, --norm and --std: omit them")
            return replace(preprocess, **changes)
        if preprocess:
            if mean or norm or std or changes:
                given = ", ".join(f"--{name}" for name in ("mean", "norm", "std", *GEOMETRY))
                raise click.UsageError(f"--preprocess FILE replaces {given}: omit them")
            return preprocess
        _refuse_unit_range(mean, std)
        if not mean:
            if norm or std or changes:
                raise click.UsageError("--mean is missing: give --mean 0 if the network has none")
            return None
        if std and not all(std):
            raise click.UsageError("--std 0 would divide by 0: give a number above 0")
        factors = tuple(1 / value for value in std) or norm or (1.0,)
        return replace(ImageOptions(mean, factors, order), **changes)

    def _changes(self) -> dict[str, Any]:
        """The options that a preset may be given too, as fields of ImageOptions."""
        if self.resize and self.fit not in (None, "stretch"):
            raise click.UsageError(f"--resize crops the image and --fit {self.fit} borders it: give one of them")
        given = {name: getattr(self, name) for name in GEOMETRY if getattr(self, name)}
        if self.resize:
            given |= {"resize": _sides(self.resize), "fit": "stretch", "crop": None}
        if self.fit:
            given["crop"] = None
        return given


def pixel_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--mean, --norm, --std, --order, --preprocess and those of GEOMETRY, for a VariadicCommand, as `pixels`."""
    function = collected(function, "pixels", PixelOptions)
    for option in (
        click.option(
            "--preprocess",
            type=PreprocessParameter(),
            help="Instead of --mean, --norm, --std and --order: torchvision, timm, caffe or yolo, the conventions of "
            "these packages; torchvision:NAME or timm:NAME, those of this network; FILE.prototxt, its "
            "transform_param; or a TABLE.preprocess.json.",
        ),
        click.option(
            "--tensors",
            type=click.Choice(["inputs", "pixels"]),
            help="Whether .npy, .npz and .bin tensors of floating-point numbers are the network's inputs, used as they "
            "are (default), or pixels, of which the mean is subtracted. Those of uint8 are pixels.",
        ),
        click.option(
            "--interpolation",
            type=click.Choice(["bilinear", "pillow-bilinear", "pillow-bicubic"]),
            help="bilinear: without antialiasing, as ncnn and OpenCV resize (default). pillow-bilinear, "
            "pillow-bicubic: antialiased, as torchvision and timm resize images.",
        ),
        click.option(
            "--stride",
            type=click.IntRange(0),
            default=0,
            metavar="N",
            help="With --fit letterbox: ultralytics' auto. The least size whose sides are the longer side less "
            "multiples of N must be the network's.",
        ),
        click.option(
            "--fill",
            multiple=True,
            type=float,
            metavar="F...",
            help="The border's pixels for --fit letterbox or corner: one number or one per channel; 114 by default.",
        ),
        click.option(
            "--fit",
            type=click.Choice(["stretch", "letterbox", "corner"]),
            help="How an image gets the network's size: stretched (default), or with its aspect ratio kept and borders "
            "on both sides (letterbox) or at the right and bottom (corner).",
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
            help="Order of the network's colours; one channel gets grey images, a fourth gets their alpha.",
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


def fold_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--fold-preprocessing, as the argument `fold_preprocessing`."""
    return click.option(
        "--fold-preprocessing",
        is_flag=True,
        help="Put --mean, --norm and --order into the network, which then takes pixels, 0..255, BGR.",
    )(function)


def to_fold(pixels: ImageOptions | str | None, fold_preprocessing: bool) -> ImageOptions | str | None:
    """The preprocessing to fold, None for none. Raises click.UsageError if it is to be folded and not given."""
    if fold_preprocessing and pixels is None:
        raise click.UsageError("--fold-preprocessing needs --mean or --preprocess")
    return pixels if fold_preprocessing else None


def after_folding(pixels: ImageOptions | str) -> Pixels:
    """How images become the inputs of the network that has its preprocessing folded in."""
    from ..convert.fold_pixels import for_pixels
    from ..quantize.preprocess_file import load_preprocess

    if isinstance(pixels, str):
        return for_pixels(load_preprocess(pixels))
    return replace(pixels, mean=(0.0,), norm=(1.0,), order="BGR")


def report_folded(notes: Mapping[str, str]) -> None:
    """Prints what was done to each input that takes pixels."""
    for value, what in notes.items():
        click.echo(f"input {value} takes pixels, 0 to 255: {what}")


def report_ranges(preprocess: Mapping[str, Preprocess]) -> None:
    """Prints the numbers that each input of the network will see."""
    for name, one in preprocess.items():
        low, high = one.range
        click.echo(f"input {name}: pixels become {low:.4g} to {high:.4g}, {one.order}, {one.geometry}")


def _refuse_unit_range(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Raises click.UsageError for a mean or deviation of pixels of 0..1."""
    fixes = []
    if any(0 < value < 1 for value in mean) and all(0 <= value <= 1 for value in mean):
        fixes.append(f"--mean {_times_255(mean)}")
    if any(0 < value < 1 for value in std):
        fixes.append(f"--std {_times_255(std)}")
    if fixes:
        raise click.UsageError(
            f"--mean and --std are for pixels of 0..255, and these are for 0..1\n"
            f"  fix: write {' '.join(fixes)}, with --order RGB if these are the numbers of PyTorch, or use "
            "--preprocess torchvision"
        )


def _times_255(values: tuple[float, ...]) -> str:
    return " ".join(f"{255 * value:.7g}" for value in values)


def _sides(resize: str | None) -> tuple[int, ...] | None:
    if resize is None:
        return None
    if not (match := re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", resize)):
        raise click.UsageError(f"--resize {resize!r} is not a size: write 256 or 256x256")
    return tuple(int(side) for side in match.groups() if side)

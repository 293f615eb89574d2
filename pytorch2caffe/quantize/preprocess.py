"""How an image becomes a network's input: a setting, a JSON file beside the table, and C++ source for ncnn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from caffe_proto.files import atomic_write

from ..errors import ConversionError, reading

MOST_SIDE = 1 << 16  # pixels
ORDERS = {"BGR": 3, "RGB": 3, "GRAY": 1}


def _as_float(plane: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(plane.astype(np.float32))


def _gray(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> torch.Tensor:
    gray = _as_float(red).mul_(0.299)
    return gray.add_(_as_float(green).mul_(0.587)).add_(_as_float(blue).mul_(0.114)).round_()


@dataclass(frozen=True)
class Preprocess:
    """x = (pixel - mean) * norm, for pixels 0..255.

    height, width: size of the network's input, in pixels.
    mean, norm:    one number, or one per channel in the order of the channels.
    order:         order of the channels: BGR (usual in Caffe), RGB or GRAY.
    resize:        None: resize to height x width. One number: resize the shorter side to it and keep the aspect ratio.
                   Two numbers: resize to this height and width. Then the centre of height x width is cropped.

    Resizing is bilinear without antialiasing, with half-pixel centres, rounded to integers, as in ncnn and OpenCV.

    Raises ConversionError if the settings are contradictory.
    """

    height: int
    width: int
    mean: tuple[float, ...] = (0.0,)
    norm: tuple[float, ...] = (1.0,)
    order: str = "BGR"
    resize: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ConversionError(f"channel order {self.order!r} is not one of {', '.join(ORDERS)}")
        for name in ("mean", "norm"):
            values = getattr(self, name)
            if len(values) not in (1, self.channels):
                raise ConversionError(
                    f"{name} has {len(values)} values, but {self.order} has {self.channels} channels\n"
                    "  fix: give one value, or one for each channel"
                )
            if not np.all(np.isfinite(values)):
                raise ConversionError(f"{name} {list(values)} is not finite")
        if not all(self.norm):
            raise ConversionError("norm is 0, which makes every input 0; use a nonzero norm")
        if self.height < 1 or self.width < 1:
            raise ConversionError(f"the input has {self.height} x {self.width} pixels; both must be positive")
        if self.resize is not None:
            sides = self.resize * (2 if len(self.resize) == 1 else 1)
            if len(sides) != 2 or sides[0] < self.height or sides[1] < self.width:
                raise ConversionError(
                    f"resize to {'x'.join(map(str, self.resize))} is smaller than the input, {self.height}x{self.width}"
                )

    @property
    def channels(self) -> int:
        """Number of channels of the network's input."""
        return ORDERS[self.order]

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest number that the network can see."""
        ends = [
            (pixel - mean) * norm
            for mean, norm in zip(self.channel_means, self.channel_norms, strict=True)
            for pixel in (0, 255)
        ]
        return min(ends), max(ends)

    @property
    def channel_means(self) -> list[float]:
        """The mean of each channel, in the order of the network's channels."""
        return [float(value) for value in np.broadcast_to(self.mean, self.channels)]

    @property
    def channel_norms(self) -> list[float]:
        """The factor of each channel, in the order of the network's channels."""
        return [float(value) for value in np.broadcast_to(self.norm, self.channels)]

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Converts an image, uint8 RGB [height, width, 3], to the input, float32 [channels, height, width]."""
        crop = torch.from_numpy(self.pixels(image)).float()
        mean, norm = (torch.tensor(values)[:, None, None] for values in (self.mean, self.norm))
        return ((crop - mean) * norm).numpy()

    def pixels(self, image: np.ndarray) -> np.ndarray:
        """The resized and cropped image before mean and norm, uint8 [channels, height, width], in the network's order.

        image: uint8 RGB [height, width, 3].
        """
        red, green, blue = (image[..., channel] for channel in range(3))
        if self.order == "GRAY":
            return self._fitted(_gray(red, green, blue))[None]
        planes = (blue, green, red) if self.order == "BGR" else (red, green, blue)
        return np.stack([self._fitted(_as_float(plane)) for plane in planes])  # one after another: a quarter as much

    def _fitted(self, plane: torch.Tensor) -> np.ndarray:
        """One channel, resized and cropped: uint8 [height, width]."""
        height, width = self._resized_to(*plane.shape)
        if (height, width) != plane.shape:
            size = (height, width)
            plane = interpolate(plane[None, None], size=size, mode="bilinear", align_corners=False)[0, 0].round_()
        top, left = (height - self.height) // 2, (width - self.width) // 2
        return plane[top : top + self.height, left : left + self.width].to(torch.uint8).numpy()

    def _resized_to(self, height: int, width: int) -> tuple[int, int]:
        if self.resize is None:
            return self.height, self.width
        if len(self.resize) == 2:
            return self.resize[0], self.resize[1]
        factor = self.resize[0] / min(height, width)
        return max(int(height * factor + 0.5), self.height), max(int(width * factor + 0.5), self.width)

    def to_cpp(self) -> str:
        """C++ source that does the same with ncnn."""
        mean, norm = (
            ", ".join(f"{float(np.float32(value))!r}f" for value in np.broadcast_to(values, self.channels))
            for values in (self.mean, self.norm)
        )
        pixels = {"BGR": "PIXEL_BGR", "RGB": "PIXEL_BGR2RGB", "GRAY": "PIXEL_BGR2GRAY"}[self.order]
        lines = [
            "// image: cv::Mat, 8 bit, BGR, as cv::imread gives it",
            *self._cpp_size(),
            f"const int type = ncnn::Mat::{pixels};",
            "ncnn::Mat in = ncnn::Mat::from_pixels_resize(image.data, type, image.cols, image.rows, w, h);",
        ]
        if self.resize is not None:
            lines += [
                f"const int top = (h - {self.height}) / 2, left = (w - {self.width}) / 2;",
                "ncnn::Mat whole = in;",
                f"ncnn::copy_cut_border(whole, in, top, h - {self.height} - top, left, w - {self.width} - left);",
            ]
        lines += [f"const float mean[] = {{{mean}}};", f"const float norm[] = {{{norm}}};"]
        return "\n".join([*lines, "in.substract_mean_normalize(mean, norm);"]) + "\n"

    def _cpp_size(self) -> list[str]:
        if self.resize is None:
            return [f"const int w = {self.width}, h = {self.height};"]
        if len(self.resize) == 2:
            return [f"const int w = {self.resize[1]}, h = {self.resize[0]};"]
        return [
            f"const float f = {self.resize[0]}.f / std::min(image.rows, image.cols);",
            f"const int w = std::max((int)std::round(image.cols * f), {self.width});",
            f"const int h = std::max((int)std::round(image.rows * f), {self.height});",
        ]


def preprocess_path(table: str | Path) -> Path:
    """The path of the preprocessing file that belongs to a table."""
    return Path(f"{table}.preprocess.json")


def save_preprocess(inputs: dict[str, Preprocess], path: str | Path) -> None:
    """Writes the preprocessing of each input of a network, by the name of the input, as JSON."""
    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(to_json(inputs))


def to_json(inputs: dict[str, Preprocess]) -> str:
    """The text of the preprocessing file."""
    return json.dumps({name: asdict(one) for name, one in inputs.items()}, indent=1) + "\n"


def load_preprocess(path: str | Path) -> dict[str, Preprocess]:
    """Reads a file written by `save_preprocess`. Raises ConversionError if it is not such a file."""
    with reading(path, "a preprocessing file"):
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(entries, dict) or not entries:
            raise ConversionError("it must be a JSON object with an entry for each input")
        return {name: _read(path, name, entry) for name, entry in entries.items()}


def _read(path: str | Path, name: str, entry: Any) -> Preprocess:
    known = {field.name for field in fields(Preprocess)}
    if not isinstance(entry, dict) or not {"height", "width"} <= set(entry) <= known:
        raise ConversionError(
            f"{path}: input {name!r} must have height and width, and may have {', '.join(sorted(known))}"
        )
    for key in ("mean", "norm", "resize"):
        value = entry.get(key)
        if value is not None and not (isinstance(value, Sequence) and all(isinstance(v, (int, float)) for v in value)):
            raise ConversionError(f"{path}: input {name!r}: {key} must be a list of numbers")
    for key in ("height", "width"):
        if type(entry[key]) is not int or entry[key] > MOST_SIDE:
            raise ConversionError(f"{path}: input {name!r}: {key} must be an integer of at most {MOST_SIDE}")
    for side in entry.get("resize") or ():
        if type(side) is not int or side > MOST_SIDE:
            raise ConversionError(f"{path}: input {name!r}: resize must be integers of at most {MOST_SIDE}")
    if not isinstance(entry.get("order", "BGR"), str):
        raise ConversionError(f"{path}: input {name!r}: order must be one of {', '.join(ORDERS)}")
    lists = {key: tuple(entry[key]) for key in ("mean", "norm", "resize") if entry.get(key) is not None}
    return Preprocess(**{**entry, **lists})

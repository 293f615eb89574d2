"""How an image becomes a network's input: one setting for calibration, verification and deployment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ConversionError
from .placement import INTERPOLATIONS, Placement, automatic_size, cropped, letterboxed, placed, stretched

ORDERS = {"BGR": 3, "RGB": 3, "GRAY": 1, "BGRA": 4, "RGBA": 4}
FITS = ("stretch", "letterbox", "corner")
TENSORS = ("inputs", "pixels")
GREY = 114.0  # ultralytics' border


@dataclass(frozen=True)
class Preprocess:
    """x = (pixel - mean) * norm, for pixels 0..255.

    height, width: size of the network's input, in pixels.
    mean, norm:    one number, or one per channel in the order of the channels.
    order:         order of the channels: BGR (usual in Caffe), RGB, GRAY, BGRA or RGBA; an image without alpha has 255.
    resize:        None: resize to height x width. One number: resize the shorter side to it and keep the aspect ratio.
                   Two numbers: resize to this height and width. Then the centre of height x width is cropped.
    fit:           without `resize`: stretch to height x width; letterbox: keep the aspect ratio, with borders on both
                   sides; corner: the same, with the image at the top left.
    fill:          the border's pixels, one number or one per channel.
    stride:        0, or letterbox to the least size whose sides are the longer side less multiples of it, which must
                   be height x width: what ultralytics calls auto.
    interpolation: bilinear: without antialiasing, with half-pixel centres, as in ncnn and OpenCV; pillow-bilinear,
                   pillow-bicubic: antialiased, as torchvision and timm resize images. All round to integers.
    tensors:       what floating-point tensors are: "inputs", used as they are, or "pixels". Those of uint8 are pixels.

    Raises ConversionError if the settings are contradictory.
    """

    height: int
    width: int
    mean: tuple[float, ...] = (0.0,)
    norm: tuple[float, ...] = (1.0,)
    order: str = "BGR"
    resize: tuple[int, ...] | None = None
    fit: str = "stretch"
    fill: tuple[float, ...] = (GREY,)
    stride: int = 0
    interpolation: str = "bilinear"
    tensors: str = "inputs"

    def __post_init__(self) -> None:
        known = {"fit": FITS, "interpolation": INTERPOLATIONS, "tensors": TENSORS}
        if self.order not in ORDERS:
            raise ConversionError(f"channel order {self.order!r} is not one of {', '.join(ORDERS)}")
        for name, words in known.items():
            if getattr(self, name) not in words:
                raise ConversionError(f"{name} {getattr(self, name)!r} is not one of {', '.join(words)}")
        for name in ("mean", "norm", "fill"):
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
        self._check_geometry()

    def _check_geometry(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ConversionError(f"the input has {self.height} x {self.width} pixels; both must be positive")
        if not all(0 <= pixel <= 255 and pixel == int(pixel) for pixel in self.fill):
            raise ConversionError(f"fill {list(self.fill)} is not a pixel, an integer of 0 to 255")
        if self.resize is not None:
            if self.fit != "stretch":
                raise ConversionError(f"resize crops the image and fit {self.fit} borders it: give one of them")
            sides = self.resize * (2 if len(self.resize) == 1 else 1)
            if len(sides) != 2 or sides[0] < self.height or sides[1] < self.width:
                raise ConversionError(
                    f"resize to {'x'.join(map(str, self.resize))} is smaller than the input, {self.height}x{self.width}"
                )
        if self.stride < 0 or self.stride and self.fit == "stretch":
            raise ConversionError(f"stride {self.stride} is for fit letterbox or corner, and positive")

    @property
    def channels(self) -> int:
        """Number of channels of the network's input."""
        return ORDERS[self.order]

    @property
    def alpha(self) -> bool:
        """Whether the fourth channel of an image is used."""
        return self.channels == 4

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

    @property
    def channel_fills(self) -> list[float]:
        """The border's pixel of each channel, in the order of the network's channels."""
        return [float(value) for value in np.broadcast_to(self.fill, self.channels)]

    @property
    def geometry(self) -> str:
        """How an image gets the input's size, in words."""
        size = f"{self.height}x{self.width}"
        how = "" if self.interpolation == "bilinear" else f", {self.interpolation}"
        if self.resize is not None:
            return f"resized to {'x'.join(map(str, self.resize))}, cropped to {size}{how}"
        if self.fit == "stretch":
            return f"resized to {size}{how}"
        fill = " ".join(f"{pixel:g}" for pixel in self.fill)
        where = "letterboxed to" if self.fit == "letterbox" else "at the top left of"
        stride = f", sides less multiples of {self.stride}" if self.stride else ""
        return f"{where} {size} with {fill}{stride}{how}"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Converts an image to the input, float32 [channels, height, width].

        image: uint8 RGB or RGBA, [height, width, 3 or 4].
        """
        return self.of_pixels(self.pixels(image))

    def of_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """The input, float32, from pixels of its shape, [channels, height, width], in the network's order."""
        means, norms = (np.array(one, np.float32)[:, None, None] for one in (self.channel_means, self.channel_norms))
        return np.asarray((pixels.astype(np.float32) - means) * norms)

    def pixels(self, image: np.ndarray) -> np.ndarray:
        """The placed image before mean and norm, uint8 [channels, height, width], in the network's order.

        image: uint8 RGB or RGBA, [height, width, 3 or 4].

        Raises ConversionError if its automatic size is not that of the network.
        """
        placement = self.placement(image.shape[0], image.shape[1])
        planes = zip(self._planes(image), self.channel_fills, strict=True)
        inside, how = (self.height, self.width), self.interpolation
        return np.stack([placed(plane, placement, inside, how, fill) for plane, fill in planes])

    def _planes(self, image: np.ndarray) -> list[np.ndarray]:
        red, green, blue = (image[..., channel] for channel in range(3))
        if self.order == "GRAY":
            return [
                np.round(red * np.float32(0.299) + green * np.float32(0.587) + blue * np.float32(0.114)).astype("u1")
            ]
        planes = [blue, green, red] if self.order.startswith("BGR") else [red, green, blue]
        if self.alpha:
            planes.append(image[..., 3] if image.shape[2] == 4 else np.full(red.shape, 255, np.uint8))
        return planes

    def placement(self, height: int, width: int) -> Placement:
        """Where an image of this size comes to lie. Raises ConversionError if its automatic size is not the input's."""
        image, inside = (height, width), (self.height, self.width)
        if self.resize is not None:
            return cropped(image, inside, self.resize)
        if self.fit == "stretch":
            return stretched(inside)
        if self.stride and (least := automatic_size(image, max(inside), self.stride)) != inside:
            raise ConversionError(
                f"an image of {height}x{width}, letterboxed to {least[0]}x{least[1]} with stride {self.stride}; the "
                f"input is {self.height}x{self.width}: omit --stride, or convert the network for that size"
            )
        return letterboxed(image, inside, self.fit == "letterbox")

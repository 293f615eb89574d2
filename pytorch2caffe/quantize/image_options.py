"""Preprocessing of images without the size of a network's input."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConversionError
from ..graph.graph import Value
from .preprocess import GREY, Preprocess

ROUNDING = 1e-6  # 299 / (299 / 342) is 341.99999999999994


@dataclass(frozen=True)
class ImageOptions:
    """Preprocessing without the size, which is that of the network's input. For the other fields see `Preprocess`.

    order: BGR or RGB; a network of one channel gets grey images, one of four channels those with alpha.
    crop:  the part of the shorter side that is cropped after resizing, 224 / 256 for 224 of 256; None: no crop. It is
           for square inputs, and without `resize`.
    both:  `crop` resizes both sides, not only the shorter one.
    """

    mean: tuple[float, ...]
    norm: tuple[float, ...] = (1.0,)
    order: str = "BGR"
    resize: tuple[int, ...] | None = None
    crop: float | None = None
    both: bool = False
    fit: str = "stretch"
    fill: tuple[float, ...] = (GREY,)
    stride: int = 0
    interpolation: str = "bilinear"
    tensors: str = "inputs"

    def for_input(self, value: Value) -> Preprocess:
        """The preprocessing of one input. Raises ConversionError if the number of channels differs."""
        channels, height, width = value.shape[1:]
        order = {1: "GRAY", 4: f"{self.order}A"}.get(channels, self.order)
        resize = self.resize
        if resize is None and self.crop is not None and height == width:
            resize = (int(height / self.crop + ROUNDING),) * (2 if self.both else 1)
        preprocess = Preprocess(
            height,
            width,
            self.mean,
            self.norm,
            order,
            resize,
            self.fit,
            self.fill,
            self.stride,
            self.interpolation,
            self.tensors,
        )
        if preprocess.channels != channels:
            given = f"order {order} has {preprocess.channels}"
            raise ConversionError(f"input {value.name} has {channels} channels, but {given}")
        return preprocess

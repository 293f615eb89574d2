"""Preprocessing of images without the size of a network's input."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConversionError
from ..graph.graph import Value
from .preprocess import Preprocess


@dataclass(frozen=True)
class ImageOptions:
    """Preprocessing without the size, which is that of the network's input. For the other fields see `Preprocess`.

    crop: the part of the shorter side that is cropped after resizing, 224 / 256 for 224 of 256; None: resize to the
          network's size. For square inputs, and without `resize`.
    """

    mean: tuple[float, ...]
    norm: tuple[float, ...] = (1.0,)
    order: str = "BGR"
    resize: tuple[int, ...] | None = None
    crop: float | None = None

    def for_input(self, value: Value) -> Preprocess:
        """The preprocessing of one input. Raises ConversionError if the number of channels differs."""
        channels, height, width = value.shape[1:]
        order = "GRAY" if channels == 1 else self.order
        resize = self.resize
        if resize is None and self.crop is not None and height == width:
            resize = (round(height / self.crop),)
        preprocess = Preprocess(height, width, self.mean, self.norm, order, resize)
        if preprocess.channels != channels:
            given = f"order {order} has {preprocess.channels}"
            raise ConversionError(f"input {value.name} has {channels} channels, but {given}")
        return preprocess

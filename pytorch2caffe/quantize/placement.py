"""Where the pixels of an image lie in a network's input: resized, and then cropped or bordered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

INTERPOLATIONS = ("bilinear", "pillow-bilinear", "pillow-bicubic")


class Placement(NamedTuple):
    """An image resized to height x width, whose first row and column are `top` and `left` of the input, in pixels.

    A negative top or left is cropped; what the image does not cover is the border.
    """

    height: int
    width: int
    top: int
    left: int


def stretched(inside: tuple[int, int]) -> Placement:
    """The image with both sides those of the input, (height, width)."""
    return Placement(*inside, 0, 0)


def cropped(image: tuple[int, int], inside: tuple[int, int], resize: tuple[int, ...]) -> Placement:
    """The image resized, then its centre.

    resize: one number: the shorter side, as torchvision's Resize and CenterCrop compute the longer side and the
            centre. Two numbers: both sides, with the centre as in Caffe's data_transformer.cpp.
    """
    if len(resize) == 2:
        return Placement(*resize, *(-((side - wanted) // 2) for side, wanted in zip(resize, inside, strict=True)))
    short = min(image)
    sides = [max(int(resize[0] * side / short), wanted) for side, wanted in zip(image, inside, strict=True)]
    offsets = [-round((side - wanted) / 2) for side, wanted in zip(sides, inside, strict=True)]
    return Placement(sides[0], sides[1], offsets[0], offsets[1])


def letterboxed(image: tuple[int, int], inside: tuple[int, int], centred: bool) -> Placement:
    """The image as large as the input allows with its aspect ratio kept.

    centred: with equal borders on both sides; otherwise all of the border is at the right and bottom.
    Source: ultralytics, data/augment.py, LetterBox.
    """
    factor = min(wanted / side for side, wanted in zip(image, inside, strict=True))
    sides = [max(round(side * factor), 1) for side in image]
    borders = [(wanted - side) // 2 if centred else 0 for side, wanted in zip(sides, inside, strict=True)]
    return Placement(sides[0], sides[1], borders[0], borders[1])


def automatic_size(image: tuple[int, int], side: int, stride: int) -> tuple[int, int]:
    """The height and width of the least input that contains the image with `side` as its longer side.

    Each side is `side` less a multiple of `stride`. Source: ultralytics, data/augment.py, LetterBox(auto=True).
    """
    resized = letterboxed(image, (side, side), True)
    height, width = (length + (side - length) % stride for length in resized[:2])
    return height, width


def placed(plane: np.ndarray, placement: Placement, inside: tuple[int, int], how: str, fill: float) -> np.ndarray:
    """One channel of an input, uint8 [height, width] of `inside`, from one of an image.

    plane: uint8 [height, width].
    how:   the interpolation, of INTERPOLATIONS.
    fill:  the border's pixels.
    """
    resized = _resized(plane, placement[:2], how)
    if placement == (*inside, 0, 0):
        return resized
    whole = np.full(inside, round(fill), np.uint8)
    spans = [
        (max(offset, 0), min(offset + length, wanted), max(-offset, 0))
        for offset, length, wanted in zip(placement[2:], placement[:2], inside, strict=True)
    ]
    (top, bottom, first), (left, right, begin) = spans
    whole[top:bottom, left:right] = resized[first : first + bottom - top, begin : begin + right - left]
    return whole


def _resized(plane: np.ndarray, size: tuple[int, int], how: str) -> np.ndarray:
    if plane.shape == size:
        return plane
    if how == "bilinear":
        import torch  # takes seconds, and reading the options needs none of it
        from torch.nn.functional import interpolate

        pixels = torch.from_numpy(plane.astype(np.float32))[None, None]
        scaled = interpolate(pixels, size=size, mode="bilinear", align_corners=False)[0, 0]
        return scaled.round_().to(torch.uint8).numpy()
    from PIL import Image

    method = Image.Resampling.BICUBIC if how == "pillow-bicubic" else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(plane).resize(size[::-1], method))

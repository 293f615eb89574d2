"""Reads one file: an image, or a tensor. The type is determined by its content, not by its name.

Raw tensors have no mark of their type: a file named .bin or .raw is one if its size is that of an input.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ConversionError
from ..formats.npy import NPY_MAGIC, read_npy, read_npz
from ..graph.graph import Value
from .places import read_bytes

RAW = {".bin", ".raw"}
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".npy", ".npz"}
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF", "PPM")  # pillow's others may start programs, such as EPS
MOST_PIXELS = 100_000_000  # of one image: 300 MB as RGB
ZIP_MAGIC = b"PK\x03\x04"
IMAGE_MAGICS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"P5", b"P6", NPY_MAGIC, ZIP_MAGIC)


class Picture(NamedTuple):
    """A decoded image, uint8 [height, width, 3 or 4], RGB or RGBA."""

    pixels: np.ndarray


class BrokenImage(ConversionError):  # noqa: N818 - a state of a file
    """An image cannot be read; `args[0]` is the reason."""


def is_raw(path: Path) -> bool:
    return path.suffix.lower() in RAW


def raw_type(size: int, value: Value | None) -> str | None:
    """numpy's type of the numbers in a raw file of `size` bytes; None if it is not a tensor of this input."""
    count = 0 if value is None else math.prod(value.shape[1:])
    return {count: "u1", 4 * count: "<f4"}.get(size) if count else None


def read_raw(path: Path, value: Value) -> np.ndarray:
    """A raw tensor, little-endian float32 or uint8, in the shape of an input. Raises BrokenImage."""
    wanted = value.shape[1:]
    try:
        data = read_bytes(path)
    except OSError as error:
        raise BrokenImage(error.strerror or str(error)) from error
    if (kind := raw_type(len(data), value)) is not None:
        return np.frombuffer(data, kind).reshape(wanted)
    count, name = math.prod(wanted), f"{value.name} {list(wanted)}"
    raise BrokenImage(f"{len(data)} bytes; input {name} needs {4 * count} of float32 or {count} of uint8")


def is_image(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(12)
    return head.startswith(IMAGE_MAGICS) or head[:4] == b"RIFF" and head[8:] == b"WEBP"


def read_file(path: Path, alpha: bool = False) -> Any:
    """A Picture, an .npy array, or the arrays of an .npz by name; alpha: as for `decode`. Raises BrokenImage."""
    try:
        data = read_bytes(path)
    except OSError as error:
        raise BrokenImage(error.strerror or str(error)) from error
    try:
        if data.startswith(NPY_MAGIC):
            return read_npy(data)
        if data.startswith(ZIP_MAGIC):
            return read_npz(data)
    except (ValueError, MemoryError) as error:
        raise BrokenImage(f"not a valid tensor: {str(error)[:200]}") from error
    return Picture(decode(data, alpha))


def decode(data: bytes, alpha: bool = False) -> np.ndarray:
    """Decodes an image file to uint8 [height, width, 3], RGB, rotated as EXIF says; 16 bits become 8.

    alpha: to [height, width, 4], RGBA, if the image has transparency; otherwise that is dropped.

    Raises BrokenImage, or ConversionError if pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise ConversionError('images need pillow\n  fix: pip install "pytorch2caffe[images]"') from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Any = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise BrokenImage(f"an image of {image.width}x{image.height}, more than {MOST_PIXELS:,} pixels")
            image = ImageOps.exif_transpose(image) if image.getexif().get(0x0112, 1) != 1 else image
            if image.mode.startswith("I"):  # 16-bit grayscale
                gray = np.right_shift(pixels := np.array(image), 8, out=pixels).clip(0, 255).astype(np.uint8)
                return np.repeat(gray[..., None], 3, axis=2)
            if image.mode == "F":
                raise BrokenImage("an image with floating-point pixels; convert it to .npy")
            return np.asarray(image.convert("RGBA" if alpha and image.has_transparency_data else "RGB"))
    except UnidentifiedImageError as error:
        raise BrokenImage("not an image that can be read: unknown format") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        MemoryError,
        Image.DecompressionBombError,
    ) as error:
        raise BrokenImage(f"not an image that can be read: {str(error)[:200] or type(error).__name__}") from error


def as_input(array: np.ndarray, value: Value) -> np.ndarray:
    """The tensor as float32 in the shape of the input, without the batch axis. Raises BrokenImage if that fails."""
    wanted = value.shape[1:]
    if not np.issubdtype(array.dtype, np.number) or np.issubdtype(array.dtype, np.complexfloating):
        raise BrokenImage(f"a tensor of {array.dtype}, not of real numbers")
    if array.shape not in (wanted, (1, *wanted)):
        raise BrokenImage(f"a tensor of shape {list(array.shape)}; input {value.name} needs {list(wanted)}")
    with np.errstate(over="ignore"):  # overflow is reported below
        converted = array.reshape(wanted).astype(np.float32)
    if not np.all(np.isfinite(converted)):
        raise BrokenImage("a tensor with numbers that are not finite in float32")
    return converted

"""Images and tensors from files: what they are is told by their content, never by their name."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError, Problem
from ..graph.graph import Value
from .preprocess import Preprocess
from .tensors import MAGIC, read_npy, read_npz

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".npy", ".npz"}
ZIP = b"PK\x03\x04"
IMAGE = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"P5", b"P6", MAGIC, ZIP)
BROKEN = 0.01  # of the images: with more, something is wrong with all of them
Inputs = dict[str, np.ndarray]


class BrokenImage(ConversionError):  # noqa: N818 - a state of a file
    """One image cannot be read; `args[0]` says why."""


class TooManyBroken(ConversionError):  # noqa: N818 - the same
    """More than 1 % of the images cannot be read, or none is left."""

    def __init__(self, problems: Sequence[Problem], total: int) -> None:
        self.problems = list(problems)
        shown = [f"  {problem.where}: {problem.what}" for problem in self.problems[:20]]
        if len(self.problems) > len(shown):
            shown.append(f"  and {len(self.problems) - len(shown)} more")
        super().__init__("\n".join([f"{len(self.problems)} of {total} images cannot be read", *shown]))


class Dataset:
    """The images of a network's inputs.

    places:     for each input, or for all of them together (.npz files), a directory, a list file, an image or tensor.
    inputs:     the network's, of any number of images.
    preprocess: how images become inputs, by the name of the input; inputs without any take tensors only.

    ignored: files in the directories that are no images, and are not called so. Raises ConversionError if there are no
    images, or not as many for each input.
    """

    def __init__(
        self, places: Sequence[str | Path], inputs: Sequence[Value], preprocess: Mapping[str, Preprocess]
    ) -> None:
        self.inputs = list(inputs)
        self.preprocess = dict(preprocess)
        self.skipped: list[Problem] = []
        self.ignored: list[Path] = []
        if len(places) not in (1, len(inputs)):
            names = ", ".join(value.name for value in inputs)
            raise ConversionError(f"{len(places)} places of images for {len(inputs)} inputs: {names}")
        found = [self._files(Path(place)) for place in places]
        if len({len(files) for files in found}) > 1:
            counts = ", ".join(f"{place}: {len(files)}" for place, files in zip(places, found, strict=True))
            raise ConversionError(f"the inputs have not as many images each: {counts}")
        self.samples = list(zip(*found, strict=True))
        if not self.samples:
            raise ConversionError(f"{places[0]}: no image in it")

    def __len__(self) -> int:
        return len(self.samples)

    def _files(self, place: Path) -> list[Path]:
        if place.is_dir():
            walked = (Path(folder) / name for folder, _, names in os.walk(place) for name in names)
            files = sorted(path for path in walked if not path.name.startswith("."))
            meant = {path for path in files if path.suffix.lower() in SUFFIXES or _is_image(path)}
            self.ignored += [path for path in files if path not in meant]
            return [path for path in files if path in meant]
        if not place.exists():
            raise ConversionError(f"{place}: no such directory or file")
        return [place] if _is_image(place) else _listed(place)

    def load(self, index: int) -> Inputs:
        """One image for each input, float32 without the axis of images. Raises BrokenImage."""
        paths = self.samples[index]
        if len(paths) == 1 and len(self.inputs) > 1:
            return self._together(paths[0])
        return {value.name: self._one(path, value) for path, value in zip(paths, self.inputs, strict=True)}

    def _together(self, path: Path) -> Inputs:
        arrays = _open(path)
        if not isinstance(arrays, dict):
            raise BrokenImage(f"{len(self.inputs)} inputs need an .npz with an array for each, or --images for each")
        missing = [value.name for value in self.inputs if value.name not in arrays]
        if missing:
            raise BrokenImage(f"no array for input {', '.join(missing)}; it has {', '.join(arrays)}")
        return {value.name: _fitting(arrays[value.name], value) for value in self.inputs}

    def _one(self, path: Path, value: Value) -> np.ndarray:
        found = _open(path)
        if isinstance(found, dict):
            if value.name not in found:
                raise BrokenImage(f"no array for input {value.name}; it has {', '.join(found)}")
            found = found[value.name]
        elif found.dtype == np.uint8 and found.ndim == 3 and not _starts(path, MAGIC):
            if value.name not in self.preprocess:
                raise BrokenImage(f"an image, and no preprocessing (--mean) for input {value.name} {list(value.shape)}")
            return self.preprocess[value.name](found)
        return _fitting(found, value)

    def batches(self, size: int, workers: int = 2, stops: Collection[int] = ()) -> Iterator[tuple[int, Inputs]]:
        """The images, at most `size` at a time, with how many were read so far, this batch included.

        workers: threads that decode; at most a batch and `workers` images are held ahead.
        stops:   counts of images at which a batch ends.

        Broken images are left out and listed in `skipped`. Raises TooManyBroken after the last image.
        """
        self.skipped = []
        done, batch = 0, []
        for loaded in self._loaded(workers, ahead=size + workers):
            if isinstance(loaded, Problem):
                self.skipped.append(loaded)
                continue
            if self._hopeless():
                continue  # read on: whoever mends them wants to know them all
            done += 1
            batch.append(loaded)
            if len(batch) == size or done in stops:
                yield done, _stacked(batch)
                batch = []
        if self._hopeless() or not done:
            raise TooManyBroken(self.skipped, len(self))
        if batch:
            yield done, _stacked(batch)

    def _hopeless(self) -> bool:
        return len(self.skipped) > BROKEN * len(self)

    def _loaded(self, workers: int, ahead: int) -> Iterator[Inputs | Problem]:
        with ThreadPoolExecutor(workers) as pool:
            indices = iter(range(len(self)))
            waiting: list[Future[Inputs | Problem]] = [pool.submit(self._try, i) for i in islice(indices, ahead)]
            try:
                while waiting:
                    result = waiting.pop(0).result()
                    waiting += [pool.submit(self._try, i) for i in islice(indices, 1)]
                    yield result
            finally:
                pool.shutdown(cancel_futures=True)

    def _try(self, index: int) -> Inputs | Problem:
        try:
            return self.load(index)
        except BrokenImage as error:
            return Problem(" + ".join(map(str, self.samples[index])), str(error))


def _stacked(batch: Sequence[Inputs]) -> Inputs:
    return {name: np.stack([sample[name] for sample in batch]) for name in batch[0]}


def _listed(path: Path) -> list[Path]:
    """The paths in a list file, one a line, from the file's folder or else from here."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path}: neither an image, a tensor nor a list of paths") from error
    names = [Path(line.strip()) for line in lines if line.strip()]
    return [beside if (beside := path.parent / name).exists() else name for name in names]


def _starts(path: Path, magic: bytes | tuple[bytes, ...]) -> bool:
    with path.open("rb") as stream:
        return stream.read(12).startswith(magic)


def _is_image(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(12)
    return head.startswith(IMAGE) or head[:4] == b"RIFF" and head[8:] == b"WEBP"


def _open(path: Path) -> Any:
    """An image as uint8 [height, width, 3] RGB, a tensor as it is, several as a dict. Raises BrokenImage."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenImage(error.strerror or str(error)) from error
    try:
        if data.startswith(MAGIC):
            return read_npy(data)
        if data.startswith(ZIP):
            return read_npz(data)
    except (ValueError, MemoryError) as error:
        raise BrokenImage(f"a broken tensor: {str(error)[:200]}") from error
    return decode(data)


def decode(data: bytes) -> np.ndarray:
    """An image file's bytes as uint8 [height, width, 3], RGB, upright: transparency dropped, 16 bits cut to 8.

    Raises BrokenImage, and ConversionError without pillow.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise ConversionError('images need pillow\n  fix: pip install "pytorch2caffe[images]"') from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Any = Image.open(io.BytesIO(data))
            image = ImageOps.exif_transpose(image) if image.getexif().get(0x0112, 1) != 1 else image
            if image.mode.startswith("I"):  # 16 bits of grey
                grey = (np.asarray(image, np.int64) >> 8).clip(0, 255).astype(np.uint8)
                return np.repeat(grey[..., None], 3, axis=2)
            if image.mode == "F":
                raise BrokenImage("an image of floating-point pixels; give it as .npy")
            return np.asarray(image.convert("RGB"))
    except UnidentifiedImageError as error:
        raise BrokenImage("no image that can be read: of no known kind") from error
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
        raise BrokenImage(f"no image that can be read: {str(error)[:200] or type(error).__name__}") from error


def _fitting(array: np.ndarray, value: Value) -> np.ndarray:
    """A tensor as the input wants it. Raises BrokenImage if it does not fit."""
    wanted = value.shape[1:]
    if not np.issubdtype(array.dtype, np.number) or np.issubdtype(array.dtype, np.complexfloating):
        raise BrokenImage(f"a tensor of {array.dtype}, not of numbers")
    if array.shape not in (wanted, (1, *wanted)):
        raise BrokenImage(f"a tensor of shape {list(array.shape)}; input {value.name} takes {list(wanted)}")
    with np.errstate(over="ignore"):  # what is beyond float32 is told below
        found = array.reshape(wanted).astype(np.float32)
    if not np.all(np.isfinite(found)):
        raise BrokenImage("a tensor with numbers that are not finite in float32")
    return found

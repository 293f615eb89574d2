"""Reads images and tensors from files. The type of a file is determined by its content, not by its name."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError, Problem
from ..formats.npy import NPY_MAGIC, read_npy, read_npz
from ..graph.graph import Value
from .ahead import in_batches, segments
from .places import files_below, is_address, place, read_bytes
from .preprocess import Preprocess

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".npy", ".npz"}
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF", "PPM")  # pillow's others may start programs, such as EPS
MOST_PIXELS = 100_000_000  # of one image: 300 MB as RGB
ZIP_MAGIC = b"PK\x03\x04"
IMAGE_MAGICS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"P5", b"P6", NPY_MAGIC, ZIP_MAGIC)
MAX_SKIPPED = 0.01  # as a share of the images; above it, the images or the settings are wrong
Inputs = dict[str, np.ndarray]


class BrokenImage(ConversionError):  # noqa: N818 - a state of a file
    """An image cannot be read; `args[0]` is the reason."""


class TooManyBroken(ConversionError):  # noqa: N818 - a state of a data set
    """More than 1 % of the images cannot be read, or there is no other image.

    problems: each image that cannot be read, and why.
    """

    def __init__(self, problems: Sequence[Problem], total: int) -> None:
        self.problems = list(problems)
        files: dict[str, list[str]] = {}
        for problem in self.problems:
            files.setdefault(problem.what, []).append(problem.where)
        shown = [f"  {names}: {reason}" for reason, all in files.items() for names in _few(all)][:20]
        if len(files) > len(shown):
            shown.append(f"  and {len(files) - len(shown)} other reasons")
        super().__init__("\n".join([f"{len(self.problems)} of {total} images cannot be read", *shown]))


def _few(names: Sequence[str]) -> list[str]:
    return [*names] if len(names) <= 2 else [f"{names[0]}, {names[1]} and {len(names) - 2} more"]


class Dataset:
    """The calibration images: samples for a network's inputs.

    sources:    a directory, a list file, an image or a tensor for each input, or one for all inputs (.npz files);
                paths, or addresses that fsspec reads, such as s3://bucket/photos.
    inputs:     the inputs of the network; their first axis is ignored.
    preprocess: how to convert images, by the name of the input; an input without preprocessing accepts only tensors.

    ignored: files in the directories that are not images by content or by suffix.
    skipped: images that cannot be read, after `batches`.

    Raises ConversionError if there are no images, or the inputs have different numbers of images.
    """

    def __init__(
        self, sources: Sequence[str | Path], inputs: Sequence[Value], preprocess: Mapping[str, Preprocess]
    ) -> None:
        self.inputs = list(inputs)
        self.preprocess = dict(preprocess)
        self.skipped: list[Problem] = []
        self.ignored: list[Path] = []
        if len(sources) not in (1, len(inputs)):
            names = ", ".join(value.name for value in inputs)
            raise ConversionError(f"there are {len(sources)} sources of images for {len(inputs)} inputs: {names}")
        files_of_inputs = [self._files(place(source)) for source in sources]
        if len({len(files) for files in files_of_inputs}) > 1:
            counts = ", ".join(
                f"{source}: {len(files)}" for source, files in zip(sources, files_of_inputs, strict=True)
            )
            raise ConversionError(f"the inputs have different numbers of images: {counts}")
        self.samples = list(zip(*files_of_inputs, strict=True))
        if not self.samples:
            raise ConversionError(f"{sources[0]} contains no image")

    @classmethod
    def of(
        cls, samples: Sequence[tuple[Path, ...]], inputs: Sequence[Value], preprocess: Mapping[str, Preprocess]
    ) -> Dataset:
        """The samples given: a file for each input, or one for all."""
        dataset = cls.__new__(cls)
        dataset.inputs, dataset.preprocess = list(inputs), dict(preprocess)
        dataset.samples, dataset.skipped, dataset.ignored = list(samples), [], []
        return dataset

    def __len__(self) -> int:
        return len(self.samples)

    def _files(self, source: Path) -> list[Path]:
        if source.is_dir():
            files = [path for path in files_below(source) if not path.name.startswith(".")]
            images = {path for path in files if path.suffix.lower() in SUFFIXES or _is_image(path)}
            self.ignored += [path for path in files if path not in images]
            return [path for path in files if path in images]
        if not source.exists():
            raise ConversionError(f"{source} is not a file or directory")
        return [source] if _is_image(source) else _read_list(source)

    def load(self, index: int) -> Inputs:
        """Sample `index`: an array for each input, float32, without the batch axis. Raises BrokenImage."""
        paths = self.samples[index]
        if len(paths) == 1 and len(self.inputs) > 1:
            return self._load_npz(paths[0])
        return {value.name: self._load_one(path, value) for path, value in zip(paths, self.inputs, strict=True)}

    def _load_npz(self, path: Path) -> Inputs:
        arrays = _read_file(path)
        if not isinstance(arrays, dict):
            raise BrokenImage(
                f"the network has {len(self.inputs)} inputs; use .npz files with all of them, or --images for each"
            )
        missing = [value.name for value in self.inputs if value.name not in arrays]
        if missing:
            raise BrokenImage(f"no array for input {', '.join(missing)}, only {', '.join(arrays)}")
        return {value.name: _as_input(arrays[value.name], value) for value in self.inputs}

    def _load_one(self, path: Path, value: Value) -> np.ndarray:
        array = _read_file(path)
        if isinstance(array, dict):
            if value.name not in array:
                raise BrokenImage(f"no array for input {value.name}, only {', '.join(array)}")
            array = array[value.name]
        elif array.dtype == np.uint8 and array.ndim == 3 and not _starts_with(path, NPY_MAGIC):
            if value.name not in self.preprocess:
                raise BrokenImage(
                    f"an image; give the preprocessing of input {value.name} {list(value.shape)}: --mean and --norm, "
                    "or --preprocess torchvision, caffe or yolo"
                )
            return self.preprocess[value.name](array)
        return _as_input(array, value)

    def images(self, name: str, limit: int | None = None) -> Iterator[np.ndarray]:
        """The images of one input before its mean and norm: uint8, as `Preprocess.pixels` gives them.

        Raises BrokenImage for a file that is not an image, or cannot be read.
        """
        index = [value.name for value in self.inputs].index(name)
        for sample in self.samples[:limit]:
            path = sample[index if len(sample) > 1 else 0]
            array = _read_file(path)
            if isinstance(array, dict) or array.dtype != np.uint8 or _starts_with(path, NPY_MAGIC):
                raise BrokenImage(f"{path}: a tensor; input {name} needs images")
            yield self.preprocess[name].pixels(array)

    def batches(self, size: int, workers: int = 2, stops: Collection[int] = ()) -> Iterator[tuple[int, Inputs]]:
        """Yields (number of images read so far, batch included; batch of at most `size` images).

        A batch is made of neighbours, without those that cannot be read: these change no other batch.

        workers: threads that decode; at most a batch and `workers` images are decoded in advance.
        stops:   positions before which a batch must end.

        Images that cannot be read are omitted and listed in `skipped`. Raises TooManyBroken after the last image.
        """
        self.skipped = []
        done = 0
        for positions in segments(len(self), stops):
            for batch, problems in self.read(positions, size, workers):
                self.skipped += problems
                if batch is not None and len(self.skipped) <= self.allowed:  # else to list all of them in the error
                    done += len(next(iter(batch.values())))
                    yield done, batch
        self.check_skipped(done)

    def check_skipped(self, done: int) -> None:
        """Raises TooManyBroken if over 1 % of the images are in `skipped`, or no image was read."""
        if len(self.skipped) > self.allowed or not done:
            raise TooManyBroken(self.skipped, len(self))

    @property
    def allowed(self) -> float:
        """How many images may be unreadable."""
        return MAX_SKIPPED * len(self)

    def read(self, positions: range, size: int, workers: int) -> Iterator[tuple[Inputs | None, list[Problem]]]:
        """For every `size` images: the batch of those that can be read, or None, and the problems of the others."""
        for loaded in in_batches(self._load_or_problem, positions, size, workers):
            good = [sample for sample in loaded if not isinstance(sample, Problem)]
            yield _stack(good) if good else None, [sample for sample in loaded if isinstance(sample, Problem)]

    def _load_or_problem(self, index: int) -> Inputs | Problem:
        try:
            return self.load(index)
        except BrokenImage as error:
            return Problem(name_of(self.samples[index]), str(error))


def name_of(sample: Sequence[str | Path]) -> str:
    """How a sample is named in messages."""
    return " + ".join(map(str, sample))


def _stack(batch: Sequence[Inputs]) -> Inputs:
    return {name: np.stack([sample[name] for sample in batch]) for name in batch[0]}


def _read_list(path: Path) -> list[Path]:
    """The paths in a list file, one per line, relative to the file's directory or else to the current one."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path} is not an image, a tensor or a list of paths") from error
    names = [place(line.strip()) for line in lines if line.strip()]
    return [relative if not is_address(name) and (relative := path.parent / name).exists() else name for name in names]


def _starts_with(path: Path, magic: bytes | tuple[bytes, ...]) -> bool:
    with path.open("rb") as stream:
        return stream.read(12).startswith(magic)


def _is_image(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(12)
    return head.startswith(IMAGE_MAGICS) or head[:4] == b"RIFF" and head[8:] == b"WEBP"


def _read_file(path: Path) -> Any:
    """An image as uint8 [height, width, 3] RGB, an .npy array, or the arrays of an .npz by name. Raises BrokenImage."""
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
    return decode(data)


def decode(data: bytes) -> np.ndarray:
    """Decodes an image file to uint8 [height, width, 3], RGB, rotated as EXIF says, without alpha; 16 bits become 8.

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
            return np.asarray(image.convert("RGB"))
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


def _as_input(array: np.ndarray, value: Value) -> np.ndarray:
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

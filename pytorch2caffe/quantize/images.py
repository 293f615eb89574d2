"""The calibration images as samples of a network's inputs, decoded by threads and in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import ConversionError, Problem
from ..graph.graph import Value
from .ahead import in_batches, segments
from .image_files import SUFFIXES, BrokenImage, Picture, as_input, is_image, is_raw, raw_type, read_file, read_raw
from .places import files_below, is_address, place
from .preprocess import ORDERS, Preprocess

MAX_SKIPPED = 0.01  # as a share of the images; above it, the images or the settings are wrong
Inputs = dict[str, np.ndarray]


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

    ignored:   files in the directories that are not images by content or by suffix.
    skipped:   images that cannot be read, after `batches`.
    unchanged: whether a tensor was used as it is, although its input has a mean or factor for images.

    Raises ConversionError if there are no images, or the inputs have different numbers of images.
    """

    def __init__(
        self, sources: Sequence[str | Path], inputs: Sequence[Value], preprocess: Mapping[str, Preprocess]
    ) -> None:
        self.inputs = list(inputs)
        self.preprocess = dict(preprocess)
        self.skipped: list[Problem] = []
        self.ignored: list[Path] = []
        self.unchanged = False
        if len(sources) not in (1, len(inputs)):
            names = ", ".join(value.name for value in inputs)
            raise ConversionError(f"there are {len(sources)} sources of images for {len(inputs)} inputs: {names}")
        owners = self.inputs if len(sources) == len(self.inputs) else [None]
        files_of_inputs = [self._files(place(source), owner) for source, owner in zip(sources, owners, strict=True)]
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
        dataset.unchanged = False
        return dataset

    def __len__(self) -> int:
        return len(self.samples)

    def _files(self, source: Path, value: Value | None) -> list[Path]:
        """The files of a directory or list, for one input; None: for all."""
        if source.is_dir():
            files = [path for path in files_below(source) if not path.name.startswith(".")]
            images = {
                path
                for path in files
                if path.suffix.lower() in SUFFIXES
                or is_image(path)
                or is_raw(path)
                and raw_type(path.stat().st_size, value)
            }
            self.ignored += [path for path in files if path not in images]
            return [path for path in files if path in images]
        if not source.exists():
            raise ConversionError(
                f"there is no file or directory {source}\n"
                "  fix: give --images a directory, an image, a .npy tensor, or a text file with a path in each line"
            )
        return [source] if is_image(source) or is_raw(source) else _read_list(source)

    def load(self, index: int) -> Inputs:
        """Sample `index`: an array for each input, float32, without the batch axis. Raises BrokenImage."""
        paths = self.samples[index]
        if len(paths) == 1 and len(self.inputs) > 1:
            return self._load_npz(paths[0])
        return {value.name: self._load_one(path, value) for path, value in zip(paths, self.inputs, strict=True)}

    def _load_npz(self, path: Path) -> Inputs:
        arrays = read_file(path)
        if not isinstance(arrays, dict):
            raise BrokenImage(
                f"the network has {len(self.inputs)} inputs; use .npz files with all of them, or --images for each"
            )
        missing = [value.name for value in self.inputs if value.name not in arrays]
        if missing:
            raise BrokenImage(f"no array for input {', '.join(missing)}, only {', '.join(arrays)}")
        return {value.name: self._of_tensor(arrays[value.name], value) for value in self.inputs}

    def _load_one(self, path: Path, value: Value) -> np.ndarray:
        preprocess = self.preprocess.get(value.name)
        array = read_raw(path, value) if is_raw(path) else read_file(path, preprocess is not None and preprocess.alpha)
        if isinstance(array, dict):
            if value.name not in array:
                raise BrokenImage(f"no array for input {value.name}, only {', '.join(array)}")
            array = array[value.name]
        if preprocess is None and (isinstance(array, Picture) or is_raw(path) and array.dtype == np.uint8):
            raise _without_preprocessing(path, value)
        if preprocess is not None and isinstance(array, Picture):
            return preprocess.of_pixels(_placed(array.pixels, preprocess))
        return self._of_tensor(array, value)

    def _of_tensor(self, array: np.ndarray, value: Value) -> np.ndarray:
        """The input from a tensor: of pixels, if it is uint8 or the preprocessing says so. Raises BrokenImage."""
        preprocess, converted = self.preprocess.get(value.name), as_input(array, value)
        if preprocess is None:
            return converted
        if array.dtype == np.uint8 or preprocess.tensors == "pixels":
            return preprocess.of_pixels(converted)
        self.unchanged |= any(preprocess.mean) or any(norm != 1 for norm in preprocess.norm)
        return converted

    def images(self, name: str, limit: int | None = None) -> Iterator[np.ndarray]:
        """The images of one input before its mean and norm: uint8, as `Preprocess.pixels` gives them.

        Raises BrokenImage for a file that is not an image, or cannot be read.
        """
        index = [value.name for value in self.inputs].index(name)
        for sample in self.samples[:limit]:
            path = sample[index if len(sample) > 1 else 0]
            image = None if is_raw(path) else read_file(path, self.preprocess[name].alpha)
            if not isinstance(image, Picture):
                raise BrokenImage(f"{path}: a tensor; input {name} needs images")
            yield _placed(image.pixels, self.preprocess[name])

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

    def first(self, most: int, size: int) -> Iterator[tuple[int, Inputs]]:
        """As `batches`, until `most` images are read."""
        for done, batch in self.batches(size, stops=[min(most, len(self))]):
            yield done, batch
            if done >= min(most, len(self)):
                return

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


def _placed(image: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    try:
        return preprocess.pixels(image)
    except ConversionError as error:
        raise BrokenImage(str(error)) from error


def _without_preprocessing(path: Path, value: Value) -> ConversionError:
    """That an image has no preprocessing: an error of the call, not of this image."""
    shape = list(value.shape)
    if len(shape) == 4 and shape[1] in ORDERS.values():
        return ConversionError(
            f"{path} is an image, and --mean is missing for input {value.name} {shape}\n"
            "  fix: give --mean and --norm, or --preprocess torchvision, caffe or yolo"
        )
    return ConversionError(
        f"{path} is an image, and input {value.name} {shape} is not one: images have 1, 3 or 4 channels\n"
        "  fix: give its tensors, .npy or .bin"
    )

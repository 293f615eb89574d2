"""Images with their classes: a list as Caffe's ImageData reads it, or a folder for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConversionError
from ..graph.graph import Value
from .images import Dataset
from .preprocess import Preprocess


@dataclass(frozen=True)
class LabelledImages:
    """Images and their classes, in order. names: of the classes, where they are known."""

    dataset: Dataset
    labels: tuple[int, ...]
    names: tuple[str, ...] = ()


def read_labelled(
    source: str | Path, inputs: Sequence[Value], preprocess: Mapping[str, Preprocess], limit: int | None = None
) -> LabelledImages:
    """The images and classes of a list file or a folder.

    source: a text file with a line `path class` for each image, the path relative to the file or to the current folder
            and the class a number from 0; or a folder with a folder of images for each class, of which the first by
            name is class 0, as torchvision's ImageFolder counts.
    inputs, preprocess: of the network, as for `Dataset`.
    limit:  how many images to take, evenly from all of them; None: all.

    Raises ConversionError if the source is neither, naming each wrong line.
    """
    found, names = _in_folders(Path(source)) if Path(source).is_dir() else (_in_list(Path(source)), ())
    if limit is not None and limit < len(found):
        found = [found[index * len(found) // limit] for index in range(limit)]
    if not (first := found[0][0]).exists():  # of all, probably
        fix = "write paths relative to the list, or to the current folder"
        raise ConversionError(f"there is no file or directory {first}\n  fix: {fix}")
    dataset = Dataset.of([(path,) for path, _ in found], inputs, preprocess)
    return LabelledImages(dataset, tuple(label for _, label in found), tuple(names))


def _in_folders(folder: Path) -> tuple[list[tuple[Path, int]], list[str]]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not classes:
        raise ConversionError(
            f"{folder} has no folder for each class\n  fix: give a list file with lines `path class`, or such a folder"
        )
    found = [
        (path, label)
        for label, one in enumerate(classes)
        for path in sorted(one.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    ]
    if not found:
        raise ConversionError(f"{folder}: the folders of the classes contain no image")
    return found, [one.name for one in classes]


def _in_list(path: Path) -> list[tuple[Path, int]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise ConversionError(f"{path} is not a file or directory") from error
    except UnicodeDecodeError as error:
        raise ConversionError(f"{path} is not a list of images and classes: it is not text") from error
    found, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, _, label = line.strip().rpartition(" ")
        if not name or not label.isdecimal():
            problems.append(f"  line {number}: {line.strip()[:80]!r}")
            continue
        image = Path(name.strip())
        found.append((beside if (beside := path.parent / image).exists() else image, int(label)))
    if problems:
        more = [f"  and {len(problems) - 5} more"] if len(problems) > 5 else []
        listed = "\n".join([*problems[:5], *more])
        raise ConversionError(
            f"{path}: not an image and its class, a number from 0\n{listed}\n  fix: write `path class`, as in Caffe"
        )
    if not found:
        raise ConversionError(f"{path} lists no image")
    return found

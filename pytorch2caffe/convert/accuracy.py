"""How many labelled images a network classifies correctly, in float and as ncnn files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..graph.graph import Graph
from ..quantize.forward import Forward
from ..quantize.labels import LabelledImages
from ..quantize.progress import Progress
from ..verify.runtimes.ncnn import load_files

CONFIDENCE = 1.96  # standard deviations: 95 %
TOP = 5
Arrays = Mapping[str, np.ndarray]
Classify = Callable[[Arrays], np.ndarray]  # scores [images, classes]


@dataclass(frozen=True)
class Score:
    """What a network answers for the images.

    name:    of the network or the files.
    top1:    for each image whether its class has the largest score.
    top5:    whether it is among the five largest.
    answers: the class with the largest score.
    """

    name: str
    top1: np.ndarray
    top5: np.ndarray
    answers: np.ndarray

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share of images that are right (Wilson)."""
        n, share, z2 = len(self.top1), float(self.top1.mean()), CONFIDENCE**2
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = CONFIDENCE * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return centre - half, centre + half

    def agreement(self, other: Score) -> float:
        """The share of images with the same answer."""
        return float((self.answers == other.answers).mean())

    def difference(self, other: Score) -> tuple[float, float]:
        """The share of right images minus the other's, and half its 95 % interval.

        Both are of the same images, so the interval is narrower than that of two independent shares.
        """
        each = self.top1.astype(np.float64) - other.top1
        return float(each.mean()), CONFIDENCE * float(each.std()) / math.sqrt(len(each))


def measure_accuracy(
    graph: Graph,
    images: LabelledImages,
    ncnn_files: Sequence[str] = (),
    *,
    batch: int = 32,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Score]:
    """Classifies the images in float, by the built-in runtime, and by ncnn for each pair of files.

    graph:      the network; the last of its outputs has the scores.
    ncnn_files: paths without .param and .bin.
    batch, device, progress: as for `calibrate`.

    Raises ConversionError if the output is not a score for each class, or no image can be read; RuntimeUnavailable if
    there are ncnn_files and ncnn is not installed, RuntimeFailed if it cannot run them.
    """
    forward = Forward(graph, batch, device)
    classifiers: dict[str, Classify] = {"float": lambda arrays: _last(forward.run(arrays))}
    for prefix in ncnn_files:
        classifiers[prefix] = _in_ncnn(prefix, [value.name for value in graph.inputs])
    rows: dict[str, list[np.ndarray]] = {name: [] for name in classifiers}
    for done, inputs in images.dataset.batches(forward.batch):
        for name, classify in classifiers.items():
            rows[name].append(classify(inputs))
        if progress:
            progress(done, len(images.dataset), "classifying")
    unread = {problem.where for problem in images.dataset.skipped}
    labels = np.array(
        [label for (path,), label in zip(images.dataset.samples, images.labels, strict=True) if str(path) not in unread]
    )
    return [_score(name, np.concatenate(scores), labels) for name, scores in rows.items()]


def _last(outputs: Mapping[str, object]) -> np.ndarray:
    return _as_rows(np.asarray(list(outputs.values())[-1]))


def _as_rows(array: np.ndarray) -> np.ndarray:
    """[images, classes]; axes of size 1 after the classes are removed."""
    rows = array.reshape(len(array), -1)
    if array.ndim > 2 and rows.shape[1] != array.shape[1]:
        raise ConversionError(f"the last output is {list(array.shape)}, not a score for each class")
    return rows


def _in_ncnn(prefix: str, inputs: Sequence[str]) -> Classify:
    files = load_files(Path(f"{prefix}.param"), Path(f"{prefix}.bin"))
    if len(files.inputs) != len(inputs):
        raise ConversionError(f"{prefix}.param has {len(files.inputs)} inputs, and the network {len(inputs)}")

    def classify(arrays: Arrays) -> np.ndarray:
        rows = []
        for index in range(len(arrays[inputs[0]])):
            one = {blob: arrays[name][index : index + 1] for blob, name in zip(files.inputs, inputs, strict=True)}
            (scores,) = files.run(one, {files.outputs[-1]}).values()
            rows.append(scores.ravel())
        return np.stack(rows)

    return classify


def _score(name: str, scores: np.ndarray, labels: np.ndarray) -> Score:
    if (wrong := int(labels.max(initial=0))) >= scores.shape[1]:
        raise ConversionError(
            f"class {wrong} in the labels, but {name} has {scores.shape[1]} classes\n  fix: count classes from 0"
        )
    scores = np.nan_to_num(scores, nan=-np.inf)
    own = scores[np.arange(len(labels)), labels]
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    answers = order[:, 0]
    return Score(name, (answers == labels) & np.isfinite(own), (order == labels[:, None]).any(1), answers)

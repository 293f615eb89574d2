"""What int8 costs, layer by layer: ncnn files against the values of the network in float."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from ..passes.patterns import unsaturated
from .runtimes.ncnn import LoadedFiles, ParamLayer
from .verify import Reference


@dataclass(frozen=True)
class LayerLoss:
    """A layer of the files whose result ncnn gives in float.

    name:        the layer's. int8: whether it computes in int8.
    cosine:      of its result to the network's, over all samples together.
    relative_l2: |result - the network's| / |the network's|, over all samples together.
    added:       the part of relative_l2 that its inputs do not have: sqrt(relative_l2^2 - the largest of theirs^2).
    """

    name: str
    int8: bool
    cosine: float
    relative_l2: float
    added: float


@dataclass(frozen=True)
class Losses:
    """What the samples lose.

    outputs: the cosine of all outputs of a sample, as one vector, for each sample; instead of
    what a Softmax gives, what it reads.

    same_top:  for how many samples the largest number of the last output is at the same position.
    layers:    in the order of the file.
    """

    outputs: tuple[float, ...]
    same_top: int
    layers: tuple[LayerLoss, ...]

    @property
    def cosine(self) -> str:
        """The mean cosine of the outputs, of several samples with the least, in words."""
        least = f" (least {min(self.outputs):.6f})" if len(self.outputs) > 1 else ""
        return f"{fmean(self.outputs):.6f}{least}"

    @property
    def worst(self) -> list[LayerLoss]:
        """The layers that add a loss, the largest first."""
        return sorted((layer for layer in self.layers if layer.added > 0), key=lambda layer: -layer.added)


@dataclass
class _Sums:
    """Of one blob over all samples."""

    difference2: float = 0.0
    reference2: float = 0.0
    actual2: float = 0.0
    product: float = 0.0

    def add(self, expected: np.ndarray, actual: np.ndarray) -> None:
        a, b = (each.reshape(-1).astype(np.float64) for each in (expected, actual))
        self.difference2 += float((b - a) @ (b - a))
        self.reference2 += float(a @ a)
        self.actual2 += float(b @ b)
        self.product += float(a @ b)

    @property
    def relative_l2(self) -> float:
        if self.difference2 == 0:
            return 0.0
        return math.sqrt(self.difference2 / self.reference2) if self.reference2 else math.inf

    @property
    def cosine(self) -> float:
        norm = math.sqrt(self.reference2 * self.actual2)
        return self.product / norm if norm else float(self.reference2 == self.actual2)


@dataclass
class _Measured:
    blobs: dict[str, _Sums] = field(default_factory=dict)
    outputs: list[float] = field(default_factory=list)
    same_top: int = 0


def losses_in_ncnn(
    references: Iterable[Reference],
    files: LoadedFiles,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    renamed: Mapping[str, str] | None = None,
) -> Losses:
    """Runs the files on samples, and compares each blob with the network's value of the same name.

    references: the network's values for each sample.
    inputs:     the blob for each input of the network; outputs: the blob for each key of its outputs.
    renamed:    {name of a blob: name of the value}, where they differ.

    Blobs that ncnn gives in int8, or under names that the network does not have, are left out.
    Raises RuntimeFailed if ncnn cannot run the files.
    """
    measured = _Measured()
    for reference in references:
        arrays = {inputs[value.name]: reference.values[value.name] for value in reference.graph.inputs}
        results = {top: array for (_, top), array in files.run(arrays, None).items()}
        for blob, array in results.items():
            expected = reference.values.get((renamed or {}).get(blob, blob))
            if expected is not None and expected.size == array.size:
                measured.blobs.setdefault(blob, _Sums()).add(expected, array)
        _add_outputs(measured, reference, results, outputs)
    return Losses(tuple(measured.outputs), measured.same_top, tuple(_layers(files.layers, measured.blobs)))


def _add_outputs(
    measured: _Measured, reference: Reference, results: Mapping[str, np.ndarray], outputs: Mapping[str, str]
) -> None:
    sums, same = _Sums(), True
    producers = reference.graph.producers()
    for key, value in reference.graph.outputs.items():
        expected, actual = reference.values[value.name], results[outputs[key]]
        source = unsaturated(producers, value)
        before = None if source is value else _same_size(source.name, reference.values, results)
        sums.add(*before or (expected, actual))
        same = int(expected.argmax()) == int(actual.argmax())
    measured.outputs.append(sums.cosine)
    measured.same_top += same


def _same_size(
    name: str, references: Mapping[str, np.ndarray], results: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """What both have of this name, if it is as large."""
    expected, actual = references.get(name), results.get(name)
    if expected is None or actual is None or expected.size != actual.size:
        return None
    return expected, actual


def _layers(layers: Iterable[ParamLayer], blobs: Mapping[str, _Sums]) -> Iterable[LayerLoss]:
    """The layers of which a blob was measured; a blob that was not has the error of what it is computed from."""
    errors: dict[str, float] = {}
    for layer in layers:
        before = max((errors.get(name, 0.0) for name in layer.bottoms), default=0.0)
        for top in layer.tops:
            sums = blobs.get(top)
            errors[top] = before if sums is None else sums.relative_l2
            if sums is not None and layer.bottoms:
                error = errors[top]
                added = math.sqrt(max(error**2 - before**2, 0.0)) if math.isfinite(before) else 0.0
                yield LayerLoss(layer.name, layer.int8, sums.cosine, error, added)

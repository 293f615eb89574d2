"""Compares two runs of a network blob by blob, in float64. NaN, inf, zeros and other shapes are handled explicitly."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from .network import Network

Key = TypeVar("Key", str, tuple[str, str])
NAN_IN_BOTH = "NaN on both sides"
CHUNK_ELEMENTS = 1 << 18  # elements converted to float64 at a time


@dataclass(frozen=True)
class Row:
    """The comparison of one blob.

    blob:        its name; "layer -> top" where the layer and the blob have different names, as with in-place layers.
    module:      the module and line of the model that it originates from, "" if unknown.
    shape:       its shape in the reference.
    max_abs:     the largest |actual - reference|, in the blob's own unit; inf if they cannot be compared.
    relative_l2: |actual - reference| / |reference|, Euclidean; 0 for two zero blobs, inf if only the reference is zero.
    cosine:      the cosine between the two; nan if they cannot be compared.
    equal:       whether max_abs and the Euclidean distance are within the tolerance, relative to the reference, or
                 the difference is rounding, which the network amplifies.
    note:        why they cannot be compared: another shape, NaN on one side; that the reference is zero; or how far
                 the layers of the file are off on the model's own values.
    output:      whether it is an output of the network.
    worst:       where the largest difference is: the position in the blob, the reference's number there and the other;
                 None if they cannot be compared, or do not differ.
    model_max_abs, model_relative_l2: how far the model in float32, the reference, or rounded at random, is from the
                 model in float64: None for the blobs that agree within the tolerance, for which it is not computed.
    """

    blob: str
    module: str
    shape: tuple[int, ...]
    max_abs: float
    relative_l2: float
    cosine: float
    equal: bool
    note: str = ""
    output: bool = False
    model_max_abs: float | None = None
    model_relative_l2: float | None = None
    worst: tuple[tuple[int, ...], float, float] | None = None

    @property
    def nan_in_both(self) -> bool:
        """Whether both sides have NaN at the same positions, which then shows nothing."""
        return self.note.endswith(NAN_IN_BOTH)

    @property
    def within_float32(self) -> bool:
        """Whether it is equal only because the difference is rounding."""
        return self.equal and self.model_relative_l2 is not None


@dataclass(frozen=True)
class Comparison:
    """The comparison of two runs.

    rows:            the blobs that both sides have, in the order of execution.
    missing:         the blobs of the reference that the other side does not have.
    missing_outputs: the outputs among them, and those that the reference does not have.
    tolerance:       the tolerance that was used.
    hints:           possible causes of a difference.
    network:         what the rows belong to, for a diagram; None if it is not known.
    """

    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    missing_outputs: tuple[str, ...]
    tolerance: float
    hints: tuple[str, ...] = ()
    network: Network | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        from .report import verdict

        return f"Comparison({verdict(self)})"

    def _repr_html_(self) -> str:
        """The comparison in a notebook: the diagram of the network, and the table."""
        from ..pages.page import Page, to_frame
        from .page import comparison_sections

        return to_frame(Page("comparison", comparison_sections({"": self})))

    @property
    def first(self) -> Row | None:
        """The first blob that differs, in the order of execution, where an error becomes visible; None if all agree."""
        return next((row for row in self.rows if not row.equal), None)

    @property
    def within_float32(self) -> Row | None:
        """The blob that differs most of those that are equal only within float32, an output if there is one."""
        rows = [row for row in self.rows if row.within_float32]
        return max(rows, key=lambda row: (row.output, row.relative_l2), default=None)

    @property
    def equal(self) -> bool:
        """Whether all common blobs agree, no output is missing, and there is a common blob."""
        return bool(self.rows) and self.first is None and not self.missing_outputs


def compare(
    reference: Mapping[Key, np.ndarray],
    actual: Mapping[Key, np.ndarray],
    *,
    tolerance: float = 1e-4,
    where: Mapping[str, str] | None = None,
    outputs: Collection[Key] | None = None,
) -> Comparison:
    """Compares every blob of `reference` with the one of the same key in `actual`.

    reference: key -> array, in the order of execution. A key is a name, or (layer, top) as runtimes return it.
    actual:    the same for the other run; additional blobs are ignored.
    tolerance: the largest difference that counts as equal: its Euclidean norm relative to that of the reference, and
               its largest element relative to the largest of the reference.
    where:     name of the blob, or of the layer for pairs -> the module it originates from.
    outputs:   the keys that are outputs; the last key of `reference` unless given. Without one of them in `actual`
               the runs are not equal; other blobs may be missing, because layers were folded or fused.

    Returns the comparison. Does not raise: a blob that cannot be compared is not equal, and its row says why.

    >>> one = {"conv": np.ones(4), "fc": np.ones(2)}
    >>> compare(one, {"conv": np.ones(4), "fc": np.array([1.0, 1.5])}).first.blob
    'fc'
    """
    output_keys = list(reference)[-1:] if outputs is None else list(outputs)
    rows = tuple(
        _compare_blob(label(key), (where or {}).get(_name(key), ""), array, actual[key], tolerance, key in output_keys)
        for key, array in reference.items()
        if key in actual
    )
    missing = tuple(label(key) for key in reference if key not in actual)
    missing_outputs = tuple(label(key) for key in output_keys if key not in reference or key not in actual)
    return Comparison(rows, missing, missing_outputs, tolerance)


def label(key: str | tuple[str, str]) -> str:
    """The name of a blob in reports: its name, or "layer -> top" where the two differ."""
    if isinstance(key, str):
        return key
    layer, top = key
    return layer if layer == top else f"{layer} -> {top}"


def _name(key: str | tuple[str, str]) -> str:
    return key if isinstance(key, str) else key[0]


def _compare_blob(
    blob: str, module: str, reference: np.ndarray, actual: np.ndarray, tolerance: float, output: bool
) -> Row:
    reference, actual = np.asarray(reference), np.asarray(actual)
    if reference.shape != actual.shape:
        note = f"shape {list(actual.shape)} instead of {list(reference.shape)}"
        return Row(blob, module, reference.shape, math.inf, math.inf, math.nan, False, note, output)
    sums = _Sums()
    for chunk in chunks(reference, actual):
        sums.add(*chunk)
    if sums.note:
        return Row(blob, module, reference.shape, math.inf, math.inf, math.nan, False, sums.note, output)
    equal = sums.relative_l2 <= tolerance and sums.max_abs <= tolerance * sums.largest
    note = "the reference is all zero" if math.isinf(sums.relative_l2) else sums.of_both
    numbers = sums.max_abs, sums.relative_l2, sums.cosine
    worst = sums.worst(reference, actual)
    return Row(blob, module, reference.shape, *numbers, equal, note, output, worst=worst)


def chunks(reference: np.ndarray, actual: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Two arrays of one shape as pairs of flat float64 pieces, so that no whole copy is made."""
    left, right = reference.reshape(-1), actual.reshape(-1)
    for start in range(0, left.size, CHUNK_ELEMENTS):
        piece = slice(start, start + CHUNK_ELEMENTS)
        yield left[piece].astype(np.float64), right[piece].astype(np.float64)


class _Sums:
    """Sums and maxima over the chunks of a blob."""

    def __init__(self) -> None:
        self.difference2 = self.reference2 = self.actual2 = self.product = self.max_abs = self.largest = 0.0
        self.only_nan = self.only_inf = self.both_nan = 0
        self.count = self.worst_at = 0

    def add(self, reference: np.ndarray, actual: np.ndarray) -> None:
        """Adds a chunk. NaN or the same inf on both sides is equal, and is not part of the sums."""
        start, positions = self.count, None
        self.count += reference.size
        finite = np.isfinite(reference) & np.isfinite(actual)
        if not finite.all():
            nan = np.isnan(reference) != np.isnan(actual)
            same = (reference == actual) | (np.isnan(reference) & np.isnan(actual))
            self.only_nan += int(nan.sum())
            self.both_nan += int((np.isnan(reference) & np.isnan(actual)).sum())
            self.only_inf += int((~finite & ~nan & ~same).sum())
            positions = np.flatnonzero(finite)
            reference, actual = reference[finite], actual[finite]
        difference = actual - reference
        self.difference2 += float(difference @ difference)
        self.reference2 += float(reference @ reference)
        self.actual2 += float(actual @ actual)
        self.product += float(reference @ actual)
        largest = float(np.abs(difference).max(initial=0))
        if largest > self.max_abs:
            self.max_abs, at = largest, int(np.abs(difference).argmax())
            self.worst_at = start + (at if positions is None else int(positions[at]))
        self.largest = max(self.largest, float(np.abs(reference).max(initial=0)))

    def worst(self, reference: np.ndarray, actual: np.ndarray) -> tuple[tuple[int, ...], float, float] | None:
        """The position of the largest difference, and the numbers there; None if there is no difference."""
        if not self.max_abs:
            return None
        position = tuple(map(int, np.unravel_index(self.worst_at, reference.shape)))
        return position, float(reference[position]), float(actual[position])

    @property
    def note(self) -> str:
        """Why the blobs cannot be compared, or ""."""
        parts = [
            f"{count} {kind} on one side only"
            for kind, count in (("NaN", self.only_nan), ("inf", self.only_inf))
            if count
        ]
        return ", ".join(parts)

    @property
    def of_both(self) -> str:
        """What the two have in common that shows nothing, or ""."""
        return f"{self.both_nan} {NAN_IN_BOTH}" if self.both_nan else ""

    @property
    def relative_l2(self) -> float:
        """The Euclidean distance divided by the norm of the reference; inf if only that is 0."""
        if not self.reference2:
            return math.inf if self.difference2 else 0.0
        return math.sqrt(self.difference2) / math.sqrt(self.reference2)

    @property
    def cosine(self) -> float:
        """The cosine between the blobs: 1 if both are zero, 0 if one is."""
        if not self.reference2 or not self.actual2:
            return 1.0 if self.reference2 == self.actual2 else 0.0
        cosine = self.product / (math.sqrt(self.reference2) * math.sqrt(self.actual2))
        return max(-1.0, min(1.0, cosine))

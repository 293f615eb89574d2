"""The second look at a comparison that failed: is it the file, or is it float32?

Each part of the file is run in float64 on the model's own values: that finds what the file computes otherwise, and
where. The outputs are judged by the model in float64: the file may be as far from it as the float32 model is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import ConversionError
from ..graph.graph import Graph
from .compare import Comparison, Row, compare
from .judge import NOTHING, ROUNDINGS, Distance, distance, judge, judged, locally_equal, magnitude
from .local import Part, run_parts, run_rounded
from .lowest import interchangeable, with_inf

Arrays = Mapping[str, np.ndarray]
IMPOSSIBLE = "this model cannot be run in float64, so rounding that it amplifies counts as a difference"
DEFAULT = 1e-4  # who gives a larger tolerance accepts faults within it
UNREMARKABLE = 0.03  # the part of the tolerance that different orders of the same sums explain: 3e-6
# What a model may raise where its code does not work in float64.
FAILURES = (ConversionError, RuntimeError, TypeError, ValueError, AssertionError, AttributeError, LookupError)


@dataclass(frozen=True)
class Runs:
    """What was compared, and what a closer look needs.

    graph:        the network of the model.
    file:         the network of the file.
    values:       the model's values in float32, by name.
    blobs:        blob of the file -> name of the model's value that it is compared with; of the inputs too.
    actual:       the file's blobs.
    tolerance:    that of the comparison.
    in_float64:   runs the model in float64: its values by name.
    """

    graph: Graph
    file: Graph
    values: Arrays
    blobs: Mapping[str, str]
    actual: Arrays
    tolerance: float
    in_float64: Callable[[], Arrays]


@dataclass
class _Found:
    """What the second look has found. faults: blob -> how far its part is off; floors: blob -> effect of a rounding."""

    faults: dict[str, str] = field(default_factory=dict)
    floors: dict[str, Distance] = field(default_factory=dict)


def second_look(comparison: Comparison, runs: Runs) -> Comparison:
    """The comparison after a closer look at the rows that differ; if all are equal, at outputs that differ a little.

    A blob counts as equal if it differs from the model's only by -inf for the lowest float where that changes nothing
    (lowest.py), or by rounding: if its part of the file is right, and the outputs are (judge.py). If a part is not,
    its row is the first that differs.
    """
    if comparison.missing_outputs or any(_other_shape(row) for row in comparison.rows):
        return comparison
    if comparison.equal:
        return comparison if runs.tolerance > DEFAULT else _with_faults_within_tolerance(comparison, runs)
    infinite = interchangeable(runs.graph, runs.values)
    if infinite:
        rows = tuple(_with_inf(row, runs) if runs.blobs[row.blob] in infinite else row for row in comparison.rows)
        comparison = replace(comparison, rows=rows)
    if comparison.equal:
        return comparison
    try:
        exact = _same_names(runs.in_float64(), runs.values)
        found = _faults(runs, exact, infinite)
    except FAILURES as error:
        _raise_if_out_of_memory(error)
        reason = str(error).split("\n")[0]
        return replace(comparison, hints=(*comparison.hints, f"{IMPOSSIBLE} ({type(error).__name__}: {reason})"))
    return _judged(comparison, runs, exact, found)


def _with_faults_within_tolerance(comparison: Comparison, runs: Runs) -> Comparison:
    """An equal comparison, in which the parts that are wrong differ if an output shows it above float32's rounding.

    A weight that is off by 1e-3 of itself moves the output by 1e-5: that is within the tolerance, and a fault.
    """
    outputs = [row for row in comparison.rows if row.output and _relative(row, runs) > UNREMARKABLE * runs.tolerance]
    if not outputs:
        return comparison
    try:
        exact = _same_names(runs.in_float64(), runs.values)
        if all(_is_rounding(row, runs, exact) for row in outputs):
            return comparison
        faults = _faults(runs, exact, interchangeable(runs.graph, runs.values)).faults
    except FAILURES as error:  # the comparison is within the tolerance, and there is nothing more exact
        _raise_if_out_of_memory(error)
        return comparison
    rows = (replace(row, equal=row.blob not in faults, note=faults.get(row.blob, row.note)) for row in comparison.rows)
    return replace(comparison, rows=tuple(rows))


def _raise_if_out_of_memory(error: Exception) -> None:
    """Raises MemoryError for PyTorch's RuntimeError about memory: it says nothing about the model."""
    if "allocate memory" in str(error):
        raise MemoryError("the run of the model in float64, to tell rounding from a fault, needs more") from error


def _relative(row: Row, runs: Runs) -> float:
    """The larger of the relative L2 difference and the largest difference relative to the largest number."""
    largest = magnitude(runs.values[runs.blobs[row.blob]]).max_abs
    return max(row.relative_l2, row.max_abs / largest if largest else 0.0)


def _is_rounding(row: Row, runs: Runs, exact: Arrays) -> bool:
    name = runs.blobs[row.blob]
    return judge(runs.values[name], exact[name], runs.actual[row.blob], tolerance=UNREMARKABLE * runs.tolerance).equal


def _other_shape(row: Row) -> bool:
    return row.note.startswith("shape")


def _with_inf(row: Row, runs: Runs) -> Row:
    """The row of a blob in which the lowest float is -inf."""
    reference, actual = {row.blob: runs.values[runs.blobs[row.blob]]}, {row.blob: with_inf(runs.actual[row.blob])}
    (again,) = compare(reference, actual, tolerance=runs.tolerance).rows
    return replace(again, module=row.module, output=row.output)


def _same_names(exact: Arrays, values: Arrays) -> Arrays:
    """The values in float64. Raises ConversionError if they are not those of the run in float32."""
    if any(name not in exact or exact[name].shape != array.shape for name, array in values.items()):
        raise ConversionError("it takes another path there")
    return exact


def _faults(runs: Runs, exact: Arrays, infinite: set[str]) -> _Found:
    found, floors = _Found(), _floors(runs, exact)
    wrong: dict[str, Distance] = {}
    for blob, part in _parts(runs, exact, draws=1):
        name = runs.blobs[blob]
        computed = with_inf(part.computed) if name in infinite else part.computed
        found.floors[blob] = part.floor.larger(floors.get(name, NOTHING))
        if not locally_equal(exact[name], computed, found.floors[blob], runs.tolerance):
            wrong[blob] = distance(exact[name], computed)
    if wrong:  # layers may rely on float32's own rounding, as adding and subtracting 2^23 does
        for blob, part in _parts(runs, runs.values):
            expected = runs.values[runs.blobs[blob]]
            floor = found.floors[blob]
            if blob in wrong and locally_equal(expected, part.computed, floor, runs.tolerance, ROUNDINGS):
                del wrong[blob]
    for blob, off in wrong.items():
        found.faults[blob] = _off(off, magnitude(exact[runs.blobs[blob]]))
    return found


def _off(off: Distance, size: Distance) -> str:
    relative = off.l2 / size.l2 if size.l2 else math.inf
    return f"on the model's own values max abs {off.max_abs:.1e}, relative L2 {relative:.1e}"


def _floors(runs: Runs, exact: Arrays) -> dict[str, Distance]:
    """The effect on each value of one rounding of what the model computes it from, by name."""
    compared = set(runs.blobs.values())
    given = {value: exact[value.name] for value in runs.graph.values() if value.name in compared}
    return {value.name: part.floor for value, part in run_parts(runs.graph, given, draws=1)}


def _parts(runs: Runs, values: Arrays, draws: int = 0) -> Iterator[tuple[str, Part]]:
    """Each blob that both have, and what its part of the file computes from the model's `values`."""
    last_writer = {value.top or value.name: value for node in runs.file.nodes for value in node.outputs}
    last_writer |= {value.name: value for value in runs.file.inputs}
    blobs = {last_writer[blob]: blob for blob in runs.blobs if blob in last_writer}
    given = {value: values[runs.blobs[blob]].reshape(value.shape) for value, blob in blobs.items()}
    for value, part in run_parts(runs.file, given, draws):
        yield blobs[value], replace(part, computed=part.computed.reshape(values[runs.blobs[blobs[value]]].shape))


def _judged(comparison: Comparison, runs: Runs, exact: Arrays, found: _Found) -> Comparison:
    """The rows after the second look. Where a part is right, the difference of an inner blob is rounding; outputs, and
    what follows a fault, must be as near to float64 as the model is.
    """
    rows = [_judged_row(row, runs, exact, found, NOTHING) for row in comparison.rows]
    if not found.faults and not _outputs_equal(rows):
        roundings = _roundings(runs, exact)
        rows = [
            _judged_row(row, runs, exact, found, roundings.get(runs.blobs[row.blob], NOTHING))
            for row in comparison.rows
        ]
    for index, row in enumerate(rows):
        if row.blob in found.faults:
            break
        if not row.output and (_outputs_equal(rows) or found.faults):
            rows[index] = replace(row, equal=True)
    return replace(comparison, rows=tuple(rows))


def _outputs_equal(rows: Sequence[Row]) -> bool:
    return all(row.equal for row in rows if row.output)


def _roundings(runs: Runs, exact: Arrays) -> dict[str, Distance]:
    """How far each value of the model is from float64 if every layer rounds at random, by name."""
    given = {value: exact[value.name] for value in runs.graph.inputs}
    compared = set(runs.blobs.values())
    wanted = [value for value in runs.graph.values() if value.name in compared]
    return {value.name: part.floor for value, part in run_rounded(runs.graph, given, wanted, draws=3)}


def _judged_row(row: Row, runs: Runs, exact: Arrays, found: _Found, rounding: Distance) -> Row:
    if row.blob in found.faults:
        return replace(row, equal=False, note=row.note if math.isnan(row.cosine) else found.faults[row.blob])
    if row.equal:
        return row
    name, floor = runs.blobs[row.blob], found.floors.get(row.blob, NOTHING)
    reference, actual = runs.values[name], runs.actual[row.blob]
    return judged(row, judge(reference, exact[name], actual, floor, runs.tolerance, rounding), reference)

"""Places the boxes of a directed graph in rows, so that every arrow points down: Sugiyama's method.

It is our own, because the libraries need a system program (Graphviz), Python 3.11, or minutes for 2,000 boxes. Boxes
come in the order of execution, so there are no circles to break, and what remains of the method is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BOX_HEIGHT = 40
ROW_GAP = 30  # from the boxes of a row to those of the next
COLUMN_GAP = 18
MARGIN = 8
REORDERING_SWEEPS, SWEEPS = 5, 9
BEND_WEIGHT = 0.05  # of a bend of an arrow, relative to a box, where they compete for a position


@dataclass(frozen=True)
class Curve:
    """A part of an arrow from a row to the next. source: the box from which it starts; target: where it ends, or None
    if it goes on; path: as in SVG.
    """

    source: int
    target: int | None
    path: str


@dataclass(frozen=True)
class Layout:
    """Where boxes are: the centre and the top of each in pixels, the size of the drawing, and the arrows."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    width: float
    height: float
    curves: tuple[Curve, ...]


class _Rows:
    """Boxes and the bends of long arrows, which are vertices too, in rows; vertices are numbered, boxes first."""

    def __init__(self, widths: Sequence[float], sources: Sequence[Sequence[int]]) -> None:
        self.half_widths = [width / 2 for width in widths]
        self.row_of = _row_numbers(sources)
        self.source_of = list(range(len(widths)))
        self.above: list[list[int]] = [[] for _ in widths]
        self.below: list[list[int]] = [[] for _ in widths]
        self.bends = len(widths)
        self.columns: list[list[int]] = [[] for _ in range(max(self.row_of, default=0) + 1)]
        last_vertex = list(range(len(widths)))  # of each box's arrow, which branches where it passes consumers
        readers: list[list[int]] = [[] for _ in widths]
        for box, own in enumerate(sources):
            for source in dict.fromkeys(own):
                readers[source].append(box)
        for box, own in enumerate(readers):
            for reader in sorted(own, key=self.row_of.__getitem__):
                while self.row_of[last_vertex[box]] < self.row_of[reader] - 1:
                    last_vertex[box] = self._bend(box, last_vertex[box])
                self._link(last_vertex[box], reader)
        for vertex in sorted(range(len(self.row_of)), key=self.source_of.__getitem__):
            self.columns[self.row_of[vertex]].append(vertex)
        self.x = [0.0] * len(self.row_of)
        for row in self.columns:
            self._place(row, [0.0] * len(row))

    def _bend(self, source: int, after: int) -> int:
        vertex = len(self.row_of)
        self.row_of.append(self.row_of[after] + 1)
        self.source_of.append(source)
        self.half_widths.append(1.0)
        self.above.append([])
        self.below.append([])
        self._link(after, vertex)
        return vertex

    def _link(self, upper: int, lower: int) -> None:
        self.below[upper].append(lower)
        self.above[lower].append(upper)

    def sweep(self, neighbours: list[list[int]], rows: Sequence[list[int]], reorder: bool) -> None:
        """Moves the vertices of each row towards the mean of their neighbours in the row that was placed before."""
        for row in rows:
            wanted = {v: self._mean(neighbours[v]) if neighbours[v] else self.x[v] for v in row}
            if reorder:
                row.sort(key=wanted.__getitem__)
            self._place(row, [wanted[vertex] for vertex in row])

    def _mean(self, vertices: list[int]) -> float:
        weights = [self._weight(vertex) for vertex in vertices]
        return sum(w * self.x[vertex] for w, vertex in zip(weights, vertices, strict=True)) / sum(weights)

    def _weight(self, vertex: int) -> float:
        return 1.0 if vertex < self.bends else BEND_WEIGHT

    def _place(self, row: list[int], wanted: Sequence[float]) -> None:
        """The positions nearest to the wanted ones, by weighted least squares, at which nothing overlaps.

        Without the widths that is isotonic regression: neighbours in the wrong order are pooled at their mean.
        """
        offsets, pools = [0.0], []
        for left, right in zip(row, row[1:], strict=False):
            offsets.append(offsets[-1] + self.half_widths[left] + COLUMN_GAP + self.half_widths[right])
        for vertex, position, offset in zip(row, wanted, offsets, strict=True):
            weight = self._weight(vertex)
            pools.append((weight * (position - offset), weight, 1))
            while len(pools) > 1 and pools[-2][0] * pools[-1][1] > pools[-1][0] * pools[-2][1]:
                (total, weight, count), (more, heavier, others) = pools[-2:]
                pools[-2:] = [(total + more, weight + heavier, count + others)]
        positions = (total / weight for total, weight, count in pools for _ in range(count))
        for vertex, position, offset in zip(row, positions, offsets, strict=True):
            self.x[vertex] = position + offset


def layout(widths: Sequence[float], sources: Sequence[Sequence[int]]) -> Layout:
    """Places boxes that read each other.

    widths:  of each box in pixels; all are BOX_HEIGHT high.
    sources: for each box, the numbers of those that it reads, all of them smaller than its own.

    Takes time about linear in the number of boxes and of the rows that arrows cross.
    """
    if not widths:
        return Layout((), (), 0, 0, ())
    rows = _Rows(widths, sources)
    for sweep in range(SWEEPS):
        rows.sweep(rows.above, rows.columns, sweep < REORDERING_SWEEPS)
        rows.sweep(rows.below, rows.columns[::-1], sweep < REORDERING_SWEEPS)
    rows.sweep(rows.above, rows.columns, False)
    left = min(x - half for x, half in zip(rows.x, rows.half_widths, strict=True)) - MARGIN
    right = max(x + half for x, half in zip(rows.x, rows.half_widths, strict=True)) + MARGIN
    x = [position - left for position in rows.x]
    y = [float(MARGIN + row * (BOX_HEIGHT + ROW_GAP)) for row in rows.row_of]
    curves = tuple(_curve(rows, x, y, upper, lower) for upper in range(len(x)) for lower in rows.below[upper])
    count = len(widths)
    return Layout(tuple(x[:count]), tuple(y[:count]), right - left, max(y) + BOX_HEIGHT + MARGIN, curves)


def _curve(rows: _Rows, x: Sequence[float], y: Sequence[float], upper: int, lower: int) -> Curve:
    top, bottom = y[upper] + BOX_HEIGHT, y[lower]
    middle = (top + bottom) / 2
    path = f"M{x[upper]:.0f} {top:.0f}"
    if abs(x[upper] - x[lower]) < 1:
        path += f"V{bottom:.0f}"
    else:
        path += f"C{x[upper]:.0f} {middle:.0f} {x[lower]:.0f} {middle:.0f} {x[lower]:.0f} {bottom:.0f}"
    is_box = lower < rows.bends
    return Curve(rows.source_of[upper], lower if is_box else None, path if is_box else f"{path}v{BOX_HEIGHT}")


def _row_numbers(sources: Sequence[Sequence[int]]) -> list[int]:
    """The row of each box: after all that it reads; boxes that read nothing directly before their first reader."""
    rows: list[int] = []
    first_reader: dict[int, int] = {}
    for own in sources:
        rows.append(1 + max((rows[source] for source in own), default=-1))
    for box, own in enumerate(sources):
        for source in own:
            first_reader[source] = min(rows[box], first_reader.get(source, rows[box]))
    return [row if sources[box] or box not in first_reader else first_reader[box] - 1 for box, row in enumerate(rows)]

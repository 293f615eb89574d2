"""A diagram of boxes that read each other: folded by module where it is large, each part a view of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from .layout import BOX_HEIGHT, Curve, layout

FOLD_ABOVE = 60  # boxes; a smaller diagram is shown completely
FEWEST_FOLDED = 4  # boxes; BatchNorm and its Scale are not worth a view
LONGEST_LABEL = 34  # characters; the middle of a longer one is left out in the box, never in the details
LETTER, PADDING, NARROWEST = 6.7, 18, 84  # pixels


@dataclass(frozen=True)
class Histograms:
    """How often numbers occur between `low` and `high`, in bins of equal width: {what is counted: counts}."""

    low: float
    high: float
    counts: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Box:
    """A box of a diagram.

    name:    unique in the diagram.
    caption: the line below the name.
    path:    the modules that contain it, outermost first.
    sources: the names of the boxes that it reads; they precede it.
    heat:    the colour, 0 to 1; None: unknown, without colour.
    wrong:   whether it is marked, whatever its colour.
    details: what is shown when it is selected, {title: text}.
    """

    name: str
    caption: str = ""
    path: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    heat: float | None = None
    wrong: bool = False
    details: dict[str, str] = field(default_factory=dict)
    histograms: Histograms | None = None


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of execution. colour: what the colour means; low, high: the ends of its scale."""

    boxes: tuple[Box, ...]
    colour: str = ""
    low: str = ""
    high: str = ""
    wrong: str = ""
    kind: str = "diagram"

    def views(self) -> list[View]:
        """The diagram, then one view for each folded part, all of them placed."""
        boxes = [Shown(str(number), box.name, box) for number, box in enumerate(self.boxes)]
        whole = Shown("", "network", None, boxes)
        if len(boxes) > FOLD_ABOVE:
            _fold(whole, 0)
        return [_view(part, trail, self.boxes) for part, trail in _parts(whole, ())]

    def data(self) -> list[dict[str, Any]]:
        """What the page's script shows of each box."""
        return [
            {
                "name": box.name,
                "details": list(box.details.items()),
                **({"histograms": vars(box.histograms)} if box.histograms else {}),
            }
            for box in self.boxes
        ]


@dataclass
class Shown:
    """What a view shows as one box: a box, or a folded part with a view of its own.

    id: the box's number, or the numbers of the first and the last that are folded, joined by "-"; "": all.
    """

    id: str
    label: str
    box: Box | None
    inner: list[Shown] = field(default_factory=list)

    def boxes(self) -> Iterator[Box]:
        """The boxes in it."""
        if self.box:
            yield self.box
        for part in self.inner:
            yield from part.boxes()

    @property
    def heat(self) -> float | None:
        """The largest of its boxes."""
        return max((box.heat for box in self.boxes() if box.heat is not None), default=None)

    @property
    def wrong(self) -> bool:
        """Whether one of its boxes is marked."""
        return any(box.wrong for box in self.boxes())

    @property
    def caption(self) -> str:
        """The line below the label."""
        return self.box.caption if self.box else f"{sum(1 for _ in self.boxes())} layers"


@dataclass(frozen=True)
class Placed:
    """A box of a view: what it shows, its label as drawn, its left upper corner and width in pixels."""

    shown: Shown
    label: str
    caption: str
    x: float
    y: float
    width: float
    outside: bool = False


@dataclass(frozen=True)
class View:
    """A drawing. trail: the ids and labels of the views that contain it, outermost first."""

    id: str
    label: str
    trail: tuple[tuple[str, str], ...]
    boxes: tuple[Placed, ...]
    curves: tuple[Curve, ...]
    width: float
    height: float
    box_height: int = BOX_HEIGHT


def _fold(part: Shown, depth: int) -> None:
    """Folds neighbours of the same module at `depth`; parts of one box stay as they are.

    Only neighbours in the order of execution, so that arrows between folded parts cannot form a circle.
    """
    groups = [
        (module, list(group))
        for module, group in groupby(part.inner, key=lambda one: (one.box.path[depth:] if one.box else ())[:1])
    ]
    if len(groups) == 1 and groups[0][0]:  # one module with everything in it
        _fold(part, depth + 1)
        return
    folded: list[Shown] = []
    for module, group in groups:
        if not module or len(group) < FEWEST_FOLDED:
            folded += group
            continue
        inner = _joined(group, module[0])
        _fold(inner, depth + 1)
        folded.append(inner)
    part.inner = folded if len(folded) <= FOLD_ABOVE else _in_stretches(folded)


def _in_stretches(parts: list[Shown]) -> list[Shown]:
    """What has too many parts and no modules: about equal stretches of it."""
    size = max(FOLD_ABOVE // 2, -(-len(parts) // FOLD_ABOVE))
    stretches = [parts[start : start + size] for start in range(0, len(parts), size)]
    return [_joined(stretch, f"{stretch[0].label} to {stretch[-1].label}") for stretch in stretches]


def _joined(group: list[Shown], label: str) -> Shown:
    first, last = group[0].id.split("-")[0], group[-1].id.split("-")[-1]
    return Shown(f"{first}-{last}" if len(group) > 1 else group[0].id, label, None, group)


def _parts(part: Shown, trail: tuple[tuple[str, str], ...]) -> Iterator[tuple[Shown, tuple[tuple[str, str], ...]]]:
    yield part, trail
    for inner in part.inner:
        if inner.inner:
            yield from _parts(inner, (*trail, (part.id, part.label)))


def _view(part: Shown, trail: tuple[tuple[str, str], ...], boxes: Sequence[Box]) -> View:
    """A part as a drawing: what it consists of, and the boxes outside that it reads."""
    owner = {box.name: shown for shown in part.inner for box in shown.boxes()}
    read = dict.fromkeys(source for name in owner for source in _sources(owner[name]) if source not in owner)
    known = {box.name: (str(number), box) for number, box in enumerate(boxes)}
    outside = [Shown(known[name][0], name, known[name][1]) for name in read]
    everything = [*outside, *part.inner]
    position = {shown.id: index for index, shown in enumerate(everything)}
    owner |= {shown.label: shown for shown in outside}
    sources = [
        [] if index < len(outside) else sorted({position[owner[name].id] for name in _sources(shown)} - {index})
        for index, shown in enumerate(everything)
    ]
    prefix = "" if not trail else _common_prefix([box.name for box in part.boxes()])
    labels = [
        _shortened(shown.label if index < len(outside) else shown.label.removeprefix(prefix))
        for index, shown in enumerate(everything)
    ]
    captions = [_shortened(shown.caption) for shown in everything]
    widths = [
        max(NARROWEST, PADDING + LETTER * max(len(label), 0.9 * len(caption)))
        for label, caption in zip(labels, captions, strict=True)
    ]
    places = layout(widths, sources)
    placed = tuple(
        Placed(shown, label, caption, x - width / 2, y, width, index < len(outside))
        for index, (shown, label, caption, x, y, width) in enumerate(
            zip(everything, labels, captions, places.x, places.y, widths, strict=True)
        )
    )
    return View(part.id, part.label, trail, placed, places.curves, places.width, places.height)


def _sources(shown: Shown) -> list[str]:
    return [source for box in shown.boxes() for source in box.sources]


def _common_prefix(names: Sequence[str]) -> str:
    """What all names begin with, up to a separator."""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: max(first.rfind(mark, 0, same) for mark in "./") + 1]


def _shortened(label: str) -> str:
    if len(label) <= LONGEST_LABEL:
        return label
    half = (LONGEST_LABEL - 1) // 2
    return f"{label[:half]}…{label[-half:]}"

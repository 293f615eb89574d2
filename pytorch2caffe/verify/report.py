"""Reports a comparison as one line, as a table or as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..formats.visible import visible

if TYPE_CHECKING:
    from .compare import Comparison, Row

MAX_ROWS_SHOWN = 20  # a comparison of at most so many blobs is shown completely


def verdict(comparison: Comparison) -> str:
    """The result in one line, with the first layer that differs and its module."""
    count, missing_outputs = len(comparison.rows), comparison.missing_outputs
    inner = len([name for name in comparison.missing if name not in missing_outputs])
    missing = f"; {_blobs(inner)} without counterpart" if inner else ""
    if missing_outputs:
        missing = f"; no counterpart for the output {', '.join(missing_outputs)}{missing}"
    if not count:
        return f"different: nothing to compare{missing}"
    if first := comparison.first:
        wrong = sum(not row.equal for row in comparison.rows)
        return f"different: {wrong} of {_blobs(count)}, first {_location(first)}: {_difference(first)}{missing}"
    if (row := comparison.within_float32) and not missing_outputs:
        off = f"{row.blob} is off by relative L2 {row.relative_l2:.1e}"
        model = f"the model itself differs by {row.model_relative_l2:.1e} from float64"
        return f"equal within float32: {_blobs(count)}; {off}, {model}{missing}"
    worst = max(row.relative_l2 for row in comparison.rows)
    equal = "different" if missing_outputs else "equal"
    both = [row.blob for row in comparison.rows if row.nan_in_both]
    nan = f"; NaN on both sides in {_blobs(len(both))}, first {both[0]}" if both else ""
    return f"{equal}: {_blobs(count)}, relative L2 at most {worst:.1e}{nan}{missing}"


def selected_rows(comparison: Comparison, *, all: bool = False, worst: int = 5) -> list[Row]:
    """The most important rows, in their order: outputs, the first that differs, and the `worst` largest differences.

    All rows if `all`, or if there are at most MAX_ROWS_SHOWN.
    """
    rows = comparison.rows
    if all or len(rows) <= MAX_ROWS_SHOWN:
        return list(rows)
    differing = [index for index, row in enumerate(rows) if row.relative_l2 or not row.equal]
    ranked = sorted(differing, key=lambda i: (rows[i].equal, -rows[i].relative_l2))[:worst]
    return [row for index, row in enumerate(rows) if row.output or row is comparison.first or index in ranked]


def table(
    comparison: Comparison, *, all: bool = False, worst: int = 5, other: Mapping[str, Any] | None = None
) -> Table:
    """The comparison as a table of rich; `all` and `worst` as in `selected_rows`.

    other: what `to_json` has given for another run, whose relative differences are shown beside.
    """
    rows = selected_rows(comparison, all=all, worst=worst)
    hidden = len(comparison.rows) - len(rows)
    state = "equal" if comparison.first is None else "equal or differ less"
    caption = [f"{_blobs(hidden)} not shown: {state}"] if hidden else []
    caption += [f"hint: {hint}" for hint in comparison.hints]
    caption += [f"the other run: {other['verdict']}"] if other else []
    before = {row["blob"]: row["relative_l2"] for row in other["blobs"]} if other else {}
    with_module = any(row.module for row in rows)
    with_float64 = any(row.model_relative_l2 is not None for row in rows)
    view = Table(
        title=Text(visible(verdict(comparison))),
        title_justify="left",
        caption=Text(visible("\n".join(caption), keep="\n")) if caption else None,
        caption_justify="left",
    )
    view.add_column("blob", overflow="fold", ratio=3)
    if with_module:
        view.add_column("module", overflow="fold", ratio=2)
    view.add_column("shape", overflow="fold")
    optional = [*(["other rel L2"] if other else []), *(["model to float64"] if with_float64 else [])]
    for name in ("max abs", "rel L2", "cosine", *optional):
        view.add_column(name, justify="right", no_wrap=name not in optional)
    view.add_column("", overflow="fold")
    for row in rows:
        module = [Text(visible(row.module))] if with_module else []
        numbers = [f"{row.max_abs:.1e}", f"{row.relative_l2:.1e}", f"{row.cosine:.6f}"]
        if other:
            numbers.append(_relative(before.get(row.blob)))
        if with_float64:
            numbers.append(_relative(row.model_relative_l2))
        shape = "x".join(map(str, row.shape)) or "scalar"
        equal = Text("within float32" if row.within_float32 else "ok", "green")
        mark = equal if row.equal else Text(visible(row.note or "DIFFERENT"), "bold red")
        view.add_row(Text(visible(row.blob)), *module, shape, *numbers, mark)
    return view


def render(comparison: Comparison, *, all: bool = False, worst: int = 5, width: int = 100) -> str:
    """The table as plain text at most `width` characters wide."""
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(table(comparison, all=all, worst=worst))
    return capture.get()


def to_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data for json.dumps. Numbers that are not finite become None; `note` says why."""
    return {
        "equal": comparison.equal,
        "verdict": verdict(comparison),
        "within_float32": comparison.equal and comparison.within_float32 is not None,
        "tolerance": comparison.tolerance,
        "first": comparison.first.blob if comparison.first else None,
        "hints": list(comparison.hints),
        "missing": list(comparison.missing),
        "missing_outputs": list(comparison.missing_outputs),
        "blobs": [_row_to_json(row) for row in comparison.rows],
    }


def _row_to_json(row: Row) -> dict[str, Any]:
    plain = {name: _finite(value) for name, value in asdict(row).items()}
    worst = row.worst and dict(zip(("at", "reference", "actual"), row.worst, strict=True))
    return {**plain, "shape": list(row.shape), "worst": worst}


def _relative(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _location(row: Row) -> str:
    if f"{row.module} ".startswith(f"{row.blob} "):  # the module is named like the blob
        return row.module
    return f"{row.blob} ({row.module})" if row.module else row.blob


def _difference(row: Row) -> str:
    numbers = f"max abs {row.max_abs:.1e}, relative L2 {row.relative_l2:.1e}, cosine {row.cosine:.6f}"
    if not math.isfinite(row.max_abs) or not math.isfinite(row.relative_l2):
        return row.note or numbers
    if row.note or row.model_relative_l2 is None:
        return f"{numbers}; {row.note}" if row.note else numbers
    return f"{numbers}; the model itself differs by only {row.model_relative_l2:.1e} from float64"


def _blobs(count: int) -> str:
    return "1 blob" if count == 1 else f"{count} blobs"

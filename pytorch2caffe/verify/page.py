"""Comparisons as a page: for each runtime the verdict, the network coloured by its error, and the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..graph.view import Shade, diagram, shape_text
from ..pages.diagram import Diagram
from ..pages.page import Block, Column, Items, Line, Section, Table, Text
from .report import verdict

if TYPE_CHECKING:
    from .compare import Comparison, Row
    from .network import Network

EXACT, COMPLETE = 1e-8, 1.0  # relative L2 that is drawn without colour, and with all of it
BASE = (
    Column("blob", text=True),
    Column("module", about="the module and line of the model that it originates from", text=True),
    Column("shape", text=True),
    Column("max abs", ".1e", "the largest difference, in the blob's own unit"),
    Column("rel L2", ".1e", "the Euclidean norm of the difference, relative to that of the model's values"),
    Column("cosine", ".6f", "between the two sides"),
    Column("result", text=True),
)
TO_FLOAT64 = Column("model to float64", ".1e", "how far the model in float32 is from itself in float64, relative L2")
OTHER = Column("rel L2 of the other", ".1e", "that of the other run, which --compare names")


def comparison_sections(
    comparisons: Mapping[str, Comparison],
    errors: Mapping[str, str] | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Section]:
    """A section for each runtime.

    comparisons: by the runtime.
    errors:      why the other runtimes could not run the files.
    others:      by the runtime, what `to_json` has given for another run, to show beside this one.
    """
    sections = [
        _section(runtime, comparison, (others or {}).get(runtime)) for runtime, comparison in comparisons.items()
    ]
    return sections + [
        Section(f"runtime {runtime}", [Text(error, "wrong")]) for runtime, error in (errors or {}).items()
    ]


def _section(runtime: str, comparison: Comparison, other: Mapping[str, Any] | None) -> Section:
    blocks: list[Block] = [Text(verdict(comparison), "good" if comparison.equal else "wrong")]
    if other:
        blocks.append(Text(f"the other run: {other['verdict']}", "good" if other["equal"] else "wrong"))
    if comparison.hints:
        blocks.append(Items([f"hint: {hint}" for hint in comparison.hints]))
    boxes: dict[str, str] = {}
    if comparison.network:
        boxes = _boxes(comparison.network)
        blocks.append(_diagram(comparison, comparison.network, boxes))
    blocks.append(_table(comparison, boxes, other))
    return Section(f"runtime {runtime}" if runtime else "", blocks)


def _boxes(network: Network) -> dict[str, str]:
    """The layer, or the input, that writes each blob."""
    writers = {value.name: value.name for value in network.graph.inputs}
    writers |= {value.name: node.name for node in network.graph.nodes for value in node.outputs}
    return {blob: writers[name] for blob, name in network.values.items() if name in writers}


def heat(relative_l2: float) -> float:
    """The colour of a relative difference, on a logarithmic scale from EXACT to COMPLETE."""
    if not relative_l2 > EXACT:  # NaN too
        return 0.0
    return min(1.0, math.log(relative_l2 / EXACT) / math.log(COMPLETE / EXACT))


def _diagram(comparison: Comparison, network: Network, boxes: Mapping[str, str]) -> Diagram:
    shades = {
        boxes[row.blob]: Shade(heat(row.relative_l2), not row.equal, _details(row), network.histograms.get(row.blob))
        for row in comparison.rows
        if row.blob in boxes
    }
    colour = "relative L2 difference"
    return diagram(network.graph, shades, colour=colour, low=f"{EXACT:.0e}", high=f"{COMPLETE:.0f}", wrong="different")


def _details(row: Row) -> dict[str, str]:
    found = {
        "blob": row.blob,
        "result": _result(row),
        "max abs": f"{row.max_abs:.3e}",
        "relative L2": f"{row.relative_l2:.3e}",
        "cosine": f"{row.cosine:.6f}",
    }
    if row.worst:
        position, reference, actual = row.worst
        found["worst element"] = f"{list(position)}: {actual:.7g} instead of {reference:.7g}"
    return found


def _result(row: Row) -> str:
    if row.equal:
        return "within float32" if row.within_float32 else "ok"
    return row.note or "DIFFERENT"


def _table(comparison: Comparison, boxes: Mapping[str, str], other: Mapping[str, Any] | None) -> Table:
    with_module = any(row.module for row in comparison.rows)
    with_float64 = any(row.model_relative_l2 is not None for row in comparison.rows)
    before = {row["blob"]: row["relative_l2"] for row in other["blobs"]} if other else {}
    optional = {"module": with_module, OTHER.title: other is not None, TO_FLOAT64.title: with_float64}
    columns = [*BASE[:5], OTHER, BASE[5], TO_FLOAT64, BASE[6]]
    shown = [optional.get(column.title, True) for column in columns]
    lines = []
    for row in comparison.rows:
        numbers = (row.max_abs, row.relative_l2, before.get(row.blob), row.cosine, row.model_relative_l2)
        cells = (row.blob, row.module, shape_text(row.shape), *numbers, _result(row))
        kept = [cell for cell, keep in zip(cells, shown, strict=True) if keep]
        lines.append(Line(kept, "" if row.equal else "wrong", boxes.get(row.blob, "")))
    return Table([column for column, keep in zip(columns, shown, strict=True) if keep], lines)

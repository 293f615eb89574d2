"""What a network consists of as a page: layers, and a diagram coloured by their cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pages.page import Column, Line, Section, Table
from .summary import LayerSummary
from .view import Shade, diagram, shape_text

if TYPE_CHECKING:
    from .graph import Graph

COLUMNS = (
    Column("layer", text=True),
    Column("type", text=True),
    Column("input", text=True),
    Column("output", text=True),
    Column("parameters", ",", "numbers in its weights; weights that layers share are counted at the first"),
    Column("multiply-adds", ",", "multiplications by a weight in one forward pass; FLOPs are twice as many"),
)


def total_line(rows: list[LayerSummary]) -> str:
    """How many layers, parameters and multiply-adds a network has."""
    parameters, multiply_adds = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    layers = "1 layer" if len(rows) == 1 else f"{len(rows)} layers"
    return f"{layers}, {parameters / 1e6:.2f} M parameters, {multiply_adds / 1e9:.2f} G multiply-adds"


def summary_sections(graph: Graph, rows: list[LayerSummary]) -> list[Section]:
    """The diagram, coloured by the share of the multiply-adds, and the table of the layers, `summarise(graph)`."""
    most = max((row.multiply_adds for row in rows), default=0)
    cost = sum(row.multiply_adds for row in rows) or 1
    shades = {
        row.name: Shade(
            row.multiply_adds / most if most else 0.0,
            details={
                "parameters": f"{row.parameters:,}",
                "multiply-adds": f"{row.multiply_adds:,} ({row.multiply_adds / cost:.1%} of the network)",
            },
        )
        for row in rows
    }
    drawing = diagram(
        graph, shades, colour="multiply-adds", low="0", high=f"{most / 1e6:.4g} M" if most >= 1e6 else f"{most:,}"
    )
    lines = [
        Line(
            (
                row.name,
                row.type,
                " ".join(map(shape_text, row.inputs)),
                " ".join(map(shape_text, row.outputs)),
                row.parameters,
                row.multiply_adds,
            ),
            box=row.name,
        )
        for row in rows
    ]
    total = ("total", "", "", "", sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows))
    return [Section("Network", [drawing]), Section("Layers", [Table(COLUMNS, lines, total)])]

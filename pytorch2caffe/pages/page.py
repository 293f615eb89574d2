"""A page and what it consists of, as plain data, and its HTML: one file that needs no network. Start with `to_html`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ..formats.visible import visible
from .diagram import Diagram

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

UNBROKEN = 20  # a word of so many characters may be broken into lines
PACKAGE = "pytorch2caffe.pages"


@dataclass(frozen=True)
class Column:
    """A column of a table. form: as for `format`; numbers are sorted as such; about: what it means."""

    title: str
    form: str = ""
    about: str = ""
    text: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a table. mark: "wrong", "worst", "soft" or ""; box: the name of its box in the section's diagram."""

    cells: Sequence[str | float | None]
    mark: str = ""
    box: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be sorted and searched. total: a last line that stays in its place."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    total: Sequence[str | float | None] = ()
    kind: str = "table"

    @property
    def is_small(self) -> bool:
        """Whether it can be read without a search."""
        return len(self.lines) < 8 and not any(column.text for column in self.columns[:1])

    def text_of(self, column: Column, cell: str | float | None) -> str:
        """A cell as it is shown."""
        if cell is None or isinstance(cell, str):
            return cell or ""
        return format(cell, column.form) if column.form else str(cell)

    def key_of(self, cell: str | float | None) -> str:
        """What a cell is sorted by, "" for its text."""
        if isinstance(cell, (int, float)):
            finite = "-1e999" if cell == -math.inf else "1e999"  # which a browser reads as infinity; NaN like it
            return format(cell, ".12g") if math.isfinite(cell) else finite
        return ""


@dataclass(frozen=True)
class Text:
    """A paragraph. mark: "good", "wrong", "soft" or ""."""

    text: str
    mark: str = ""
    kind: str = "text"


@dataclass(frozen=True)
class Items:
    """A list."""

    items: Sequence[str]
    ordered: bool = False
    kind: str = "items"


@dataclass(frozen=True)
class Code:
    """Source text, with a title."""

    title: str
    text: str
    kind: str = "code"


@dataclass(frozen=True)
class Figure:
    """A chart: SVG of charts.py, a name, and what it shows."""

    svg: str
    name: str
    about: str


@dataclass(frozen=True)
class Figures:
    """Charts beside each other. legend: {class of charts.py: what its colour means}."""

    figures: Sequence[Figure]
    legend: Mapping[str, str] = field(default_factory=dict)
    kind: str = "figures"


Block = Diagram | Table | Text | Items | Code | Figures


@dataclass(frozen=True)
class Section:
    """A part of a page with a title."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A page.

    title:   its heading.
    command: the command line that wrote it, or "".
    facts:   what it is about, {name: text}: files, runtime, tolerance.
    """

    title: str
    sections: Sequence[Section]
    command: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def to_html(page: Page, *, heading: bool = True) -> str:
    """The page as HTML. heading: False for a page inside another, as in a notebook."""
    from .. import __version__

    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    template = _templates().get_template("page.html.j2")
    return template.render(page=page, heading=heading, version=__version__, date=written) + "\n"


def to_frame(page: Page, height: int = 640) -> str:
    """The page as a frame for a notebook, which neither changes the notebook's style nor is changed by it."""
    return _templates().get_template("frame.html.j2").render(content=to_html(page, heading=False), height=height)


def _visible(item: Any) -> Any:
    """What a template inserts: texts without characters that do not show themselves; markup as it is."""
    if isinstance(item, str) and not hasattr(item, "__html__"):
        return visible(item, keep="\n")
    if isinstance(item, dict):
        return {_visible(key): _visible(value) for key, value in item.items()}
    return [_visible(each) for each in item] if isinstance(item, list | tuple) else item


def _dumps(item: Any, **settings: Any) -> str:
    return json.dumps(_visible(item), **settings)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = _dumps
    environment.filters["breakable"] = _breakable
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment


def _breakable(text: str) -> Markup:
    """A text in whose long words a line may be broken after a separator."""
    from markupsafe import Markup, escape

    def broken(word: re.Match[str]) -> str:
        return re.sub(r"(?<=\w)([./_])(?=\w)", r"\1<wbr>", word[0])

    return Markup(re.sub(rf"\S{{{UNBROKEN},}}", broken, str(escape(visible(text, keep="\n")))))

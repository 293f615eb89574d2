"""A Griffe extension: this project's docstrings as sections that mkdocstrings renders as tables.

`name: text` at the start of a line, where `name` is a parameter or an attribute, or several separated by commas, with
lines that continue it indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import griffe

ENTRY = re.compile(r"(\w+(?:, \w+)*):\s+(.*)")


class Docstrings(griffe.Extension):
    """Rewrites docstrings to Google's style."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Parameters."""
        _rewrite(func, [parameter.name for parameter in func.parameters], "Args")

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Attributes."""
        _rewrite(cls, list(cls.members), "Attributes")


def _rewrite(item: griffe.Object, names: Sequence[str], title: str) -> None:
    if item.docstring:
        item.docstring.value = "\n".join(_sections(item.docstring.value.splitlines(), set(names), title))


def _sections(lines: Sequence[str], names: set[str], title: str) -> Iterator[str]:
    within = example = False
    for line in lines:
        if example != (example and bool(line)) or line.startswith(">>> ") and not example:
            example = not example
            yield "```pycon" if example else "```"
        entry = ENTRY.match(line)
        if entry and set(entry[1].split(", ")) <= names:
            if not within:
                yield from ("", f"{title}:")
            within = True
            for name in entry[1].split(", "):
                yield f"    {name}: {entry[2]}"
        elif within and line.startswith(" "):
            yield f"        {line.strip()}"
        else:
            if within and line:
                yield ""
            within = False
            yield line
    if example:
        yield "```"

"""Wraps lines of generated source at 120 columns, as `ruff format` does."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_COLUMNS = 120
OPENING, CLOSING = "([{", ")]}"


def wrap_statement(line: str, indent: int) -> list[str]:
    """The lines of a statement: one line, or more if it is too long.

    indent: spaces before the statement.

    >>> wrap_statement("x = a + " + "b" * 120, 0)
    ['x = (', '    a', '    + bbb...', ')']
    """
    margin = " " * indent
    if indent + len(line) <= MAX_COLUMNS:
        return [margin + line]
    target, _, value = line.rpartition(" = ") if _has_one_at_top_level(line, " = ") else ("", "", line)
    head = f"{target} = " if target else "return " if value.startswith("return ") else ""
    value = value.removeprefix("return ")
    if target == "" and head == "" and not value.endswith(tuple(CLOSING)):
        return [margin + line]
    parts = list(_split_at_top_level(value, (" + ", " - ")))
    if len(parts) > 1:
        return [f"{margin}{head}(", *(_operand(part, indent + 4) for part in parts), f"{margin})"]
    start, end = _last_bracket(value, MAX_COLUMNS - indent - len(head))
    if not end:
        return [margin + line]
    inner, closing = value[start + 1 : end - 1], value[end - 1 :]
    opened = f"{margin}{head}{value[: start + 1]}"
    if indent + 4 + len(inner) <= MAX_COLUMNS and not inner.endswith(","):
        return [opened, f"{margin}    {inner}", margin + closing]
    lines = [opened]
    for part in _split_at_top_level(inner.rstrip(","), (", ",)):
        lines += _argument(part, indent + 4)
    return [*lines, margin + closing]


def _operand(part: str, indent: int) -> str:
    return " " * indent + part.lstrip()


def _argument(part: str, indent: int) -> list[str]:
    lines = wrap_statement(part.removeprefix(", "), indent)
    lines[-1] += ","
    return lines


def _has_one_at_top_level(text: str, mark: str) -> bool:
    return len(list(_split_at_top_level(text, (mark,)))) == 2


def _split_at_top_level(text: str, marks: tuple[str, ...]) -> Iterator[str]:
    """Splits a text at marks outside brackets and strings. Each part but the first begins with its mark."""
    depth, start = 0, 0
    for match in re.finditer(r'"[^"]*"|[][(){}]|' + "|".join(map(re.escape, marks)), text):
        token = match.group()
        if token in OPENING:
            depth += 1
        elif token in CLOSING:
            depth -= 1
        elif token in marks and depth == 0:
            yield text[start : match.start()]
            start = match.start()
    yield text[start:]


def _last_bracket(value: str, width: int) -> tuple[int, int]:
    """The start and end of the last outermost bracket that opens before column `width`; 0, 0 if there is none."""
    depth, end = 0, 0
    for index in range(len(value) - 1, -1, -1):
        if value[index] in CLOSING:
            end = index + 1 if depth == 0 else end
            depth += 1
        elif value[index] in OPENING:
            depth -= 1
            if depth == 0 and index < width:
                return index, end
    return 0, 0

"""Lines of generated source no longer than 120 columns, broken where `ruff format` breaks them."""

from __future__ import annotations

import re
from collections.abc import Iterator

COLUMNS = 120
OPEN, CLOSE = "([{", ")]}"


def lay_out(line: str, indent: int) -> list[str]:
    """A statement, indented, as one line or, where it is too long, as several.

    >>> lay_out("x = a + " + "b" * 120, 0)
    ['x = (', '    a', '    + bbb...', ')']
    """
    margin = " " * indent
    if indent + len(line) <= COLUMNS:
        return [margin + line]
    target, _, value = line.rpartition(" = ") if _top_level(line, " = ") else ("", "", line)
    head = f"{target} = " if target else "return " if value.startswith("return ") else ""
    value = value.removeprefix("return ")
    if target == "" and head == "" and not value.endswith(tuple(CLOSE)):
        return [margin + line]
    parts = list(_at_top_level(value, (" + ", " - ")))
    if len(parts) > 1:
        return [f"{margin}{head}(", *(_operand(part, indent + 4) for part in parts), f"{margin})"]
    start, end = _bracket(value, COLUMNS - indent - len(head))
    if not end:
        return [margin + line]
    inner, closing = value[start + 1 : end - 1], value[end - 1 :]
    opened = f"{margin}{head}{value[: start + 1]}"
    if indent + 4 + len(inner) <= COLUMNS and not inner.endswith(","):
        return [opened, f"{margin}    {inner}", margin + closing]
    lines = [opened]
    for part in _at_top_level(inner.rstrip(","), (", ",)):
        lines += _argument(part, indent + 4)
    return [*lines, margin + closing]


def _operand(part: str, indent: int) -> str:
    return " " * indent + part.lstrip()


def _argument(part: str, indent: int) -> list[str]:
    lines = lay_out(part.removeprefix(", "), indent)
    lines[-1] += ","
    return lines


def _top_level(text: str, mark: str) -> bool:
    return len(list(_at_top_level(text, (mark,)))) == 2


def _at_top_level(text: str, marks: tuple[str, ...]) -> Iterator[str]:
    """The pieces of a text between marks that stand outside brackets and strings; each begins with its mark."""
    depth, start = 0, 0
    for match in re.finditer(r'"[^"]*"|[][(){}]|' + "|".join(map(re.escape, marks)), text):
        token = match.group()
        if token in OPEN:
            depth += 1
        elif token in CLOSE:
            depth -= 1
        elif token in marks and depth == 0:
            yield text[start : match.start()]
            start = match.start()
    yield text[start:]


def _bracket(value: str, room: int) -> tuple[int, int]:
    """Where the last outer bracket opens that opens within the room, and where it ends; 0, 0 if none does."""
    depth, end = 0, 0
    for index in range(len(value) - 1, -1, -1):
        if value[index] in CLOSE:
            end = index + 1 if depth == 0 else end
            depth += 1
        elif value[index] in OPEN:
            depth -= 1
            if depth == 0 and index < room:
                return index, end
    return 0, 0

"""How a name from a file or a model is shown to people."""

from __future__ import annotations


def visible(text: object, keep: str = "") -> str:
    r"""A text with every character that is not printed as itself written as its escape, but for those of `keep`.

    A name of a foreign file may have sequences that move a terminal's cursor or colour it, line breaks, and marks that
    turn the reading direction: none of them reaches the terminal or a page.

    >>> visible("conv\x1b[2J\u202e1 größe"), visible("a\n  b\r", keep="\n")
    ('conv\\x1b[2J\\u202e1 größe', 'a\n  b\\r')
    """
    return "".join(c if c.isprintable() or c in keep else _escape(c) for c in str(text))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

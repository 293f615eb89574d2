"""The tokens of caffe.proto and of a prototxt: names, numbers, strings and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .errors import CaffeFormatError

_TOKEN = r"""
    (?P<space>   [ \t\r\f\v]+ | {comment} )
  | (?P<line>    \n )
  | (?P<name>    [A-Za-z_]\w* )
  | (?P<number>  (?: 0[xX][0-9a-fA-F]+ | (?: [0-9]+ (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][-+]?[0-9]+ )? [fF]? )
                 (?! [\w.] ) )
  | (?P<string>  " [^"\\\n]* (?: \\. [^"\\\n]* )* " | ' [^'\\\n]* (?: \\. [^'\\\n]* )* ' )
  | (?P<mark>    [][{{}}<>:;,=.()/-] )
"""
LONGEST_NUMBER = 1000  # characters
_TEXT = re.compile(_TOKEN.format(comment=r"\#[^\n]*"), re.VERBOSE | re.ASCII)
_SCHEMA = re.compile(_TOKEN.format(comment="//[^\n]*"), re.VERBOSE | re.ASCII)


class Token(NamedTuple):
    """A piece of text: kind is name, number, string, mark or end; line counts from 1."""

    kind: str
    text: str
    line: int


class Tokens:
    """The tokens of a text, with one of look-ahead."""

    def __init__(self, text: str, where: str, *, schema: bool = False) -> None:
        self.where = where
        self._rest = _tokens(text, where, _SCHEMA if schema else _TEXT)
        self.next = next(self._rest)

    def take(self) -> Token:
        """Returns the next token and moves past it."""
        token = self.next
        if token.kind != "end":
            self.next = next(self._rest)
        return token

    def accept(self, text: str) -> bool:
        """Moves past the next token if it is this mark or name; returns whether it was."""
        found = self.next.text == text and self.next.kind != "string"
        if found:
            self.take()
        return found

    def expect(self, text: str) -> None:
        """Moves past this mark or name; anything else is an error."""
        if not self.accept(text):
            raise self.error(f"expected {text!r}, found {self.found()}")

    def expect_kind(self, kind: str, what: str) -> Token:
        """Returns a token of this kind; anything else is an error that names `what` was expected."""
        if self.next.kind != kind:
            raise self.error(f"expected {what}, found {self.found()}")
        return self.take()

    def found(self) -> str:
        """The next token, as a message names it."""
        return "the end of the text" if self.next.kind == "end" else shorten(self.next.text)

    def error(self, what: str, line: int = 0) -> CaffeFormatError:
        """The error to raise: file, line (the next token's unless given) and what."""
        return CaffeFormatError(f"{self.where}:{line or self.next.line}: {what}")


def shorten(text: str) -> str:
    """A part of a file for a message: printable and short."""
    return ascii(text if len(text) <= 40 else text[:37] + "...")


def _tokens(text: str, where: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    position, line = 0, 1
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            rest = text[position : position + 20].split("\n")[0]
            what = "a string without a closing quote" if rest[0] in "\"'" else "cannot be read from here"
            raise CaffeFormatError(f"{where}:{line}: {what}: {shorten(rest)}")
        kind = str(match.lastgroup)
        if kind == "line":
            line += 1
        elif kind == "number" and match.end() - position > LONGEST_NUMBER:
            raise CaffeFormatError(f"{where}:{line}: a number of {match.end() - position:,} characters")
        elif kind != "space":
            yield Token(kind, match.group(), line)
        position = match.end()
    yield Token("end", "", line)

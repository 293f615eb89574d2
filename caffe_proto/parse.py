"""The text format of protobuf, with the line of every error and of every unknown field."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from .schema import is_repeated, message_class
from .tokens import Token, Tokens, shorten

MOST_UNKNOWN = 10_000
LAYERS = ("LayerParameter", "V1LayerParameter")

_BOOLS = dict.fromkeys(("true", "True", "t", "1"), True) | dict.fromkeys(("false", "False", "f", "0"), False)
_HEX = rb"[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|" + _HEX + rb"|(.))", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPED |= {mark: mark for mark in (b"\\", b"'", b'"', b"?")}


@dataclass(frozen=True)
class UnknownField:
    """A field of a text that caffe.proto does not have, or one of an enum with a value that it does not have.

    line:    of the text. message, name: the message that has it, `ConvolutionParameter`, and the field.
    layer:   the name of the layer that it is in; None outside of layers.
    value:   of an enum, the value as it is written, else "". choices: the values that the enum has.
    """

    line: int
    message: str
    name: str
    layer: str | None = None
    value: str = ""
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}.{self.name}{' ' * bool(self.value)}{self.value}"


def parse_text(text: str, message_name: str, where: str) -> tuple[Any, list[UnknownField]]:
    """A message from its text, without any upgrade.

    Returns the message and the fields left out. Raises CaffeFormatError with `where`, line and reason.
    """
    message = message_class(message_name)()
    parser = _Parser(Tokens(text, where))
    parser.message(message)
    return message, parser.unknown


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.unknown: list[UnknownField] = []

    def message(self, message: Any, closing: str = "", opened: int = 1) -> None:
        """Reads fields up to and including the closing mark. The schema, not the text, limits the nesting."""
        tokens = self.tokens
        while not (tokens.next.kind == "end" if closing == "" else tokens.accept(closing)):
            if tokens.next.kind == "end":
                raise tokens.error(f"the text ends before what line {opened} opens is closed")
            line = tokens.next.line
            if tokens.accept("["):  # an extension
                self._leave_out(message, "[...]", line)
                self._skip_to("]", line)
                self._skip_value()
            else:
                self._field(message, tokens.expect_kind("name", "the name of a field"))
            _ = tokens.accept(";") or tokens.accept(",")

    def _field(self, message: Any, name: Token) -> None:
        field = message.DESCRIPTOR.fields_by_name.get(name.text)
        if field is None:
            self._leave_out(message, name.text, name.line)
            self._skip_value()
            return
        repeated = is_repeated(field)
        if not repeated and message.HasField(field.name):
            raise self.tokens.error(f"{field.name} is given twice", name.line)
        if field.message_type is None:
            self.tokens.expect(":")
        else:
            self.tokens.accept(":")
        if not (repeated and self.tokens.accept("[")):
            self._value(message, field, repeated)
            return
        while not self.tokens.accept("]"):
            self._value(message, field, repeated)
            if not self.tokens.accept(",") and self.tokens.next.text != "]":
                raise self.tokens.error(f"expected ',' or ']', found {self.tokens.found()}")

    def _value(self, message: Any, field: Any, repeated: bool) -> None:
        tokens = self.tokens
        if field.message_type is not None:
            opened = tokens.next.line
            closing = ">" if tokens.accept("<") else "}"
            if closing == "}":
                tokens.expect("{")
            inner = getattr(message, field.name)
            inner = inner.add() if repeated else inner
            if not repeated:
                inner.SetInParent()
            before = len(self.unknown)
            self.message(inner, closing, opened)
            if field.message_type.name in LAYERS:
                name = inner.name or (inner.layer.name if field.message_type.name == "V1LayerParameter" else "")
                self.unknown[before:] = [replace(each, layer=name) for each in self.unknown[before:]]
            return
        first = tokens.next
        value = self._scalar(message, field)
        try:
            if value is None:
                return
            if repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        except (ValueError, TypeError, OverflowError):
            raise tokens.error(f"{field.name} cannot be {shorten(first.text)}...", first.line) from None

    def _scalar(self, message: Any, field: Any) -> Any:
        """The value of a field that is not a message; None for one that is ignored."""
        tokens = self.tokens
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self._string(field)
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return self._enum(message, field)
        sign = -1 if tokens.accept("-") else 1
        token = tokens.take()
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL and sign == 1 and token.text in _BOOLS:
            return _BOOLS[token.text]
        try:
            if field.cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
                return sign * _float(token)
            if field.cpp_type != FieldDescriptor.CPPTYPE_BOOL and token.kind == "number":
                return sign * _int(token.text)
        except (ValueError, OverflowError):
            pass
        raise tokens.error(f"{field.name} cannot be {'-' * (sign < 0)}{shorten(token.text)}", token.line)

    def _string(self, field: Any) -> str | bytes:
        token = self.tokens.expect_kind("string", f"a string for {field.name}")
        texts = [token.text]
        while self.tokens.next.kind == "string":
            texts.append(self.tokens.take().text)
        try:
            content = b"".join(map(_unescape, texts))
            return content if field.type == FieldDescriptor.TYPE_BYTES else content.decode()
        except UnicodeError:
            raise self.tokens.error(f"{field.name} is not UTF-8: {shorten(token.text)}", token.line) from None
        except KeyError:
            what = f"{field.name}: no such escape: {shorten(token.text)}"
            raise self.tokens.error(what, token.line) from None

    def _enum(self, message: Any, field: Any) -> int | None:
        negative = self.tokens.accept("-")
        token = self.tokens.take()
        value = field.enum_type.values_by_name.get(token.text) if token.kind == "name" else None
        if token.kind == "number" and token.text.isdigit() and len(token.text) < 10 and not negative:
            value = field.enum_type.values_by_number.get(int(token.text))
        if value is not None:
            return int(value.number)
        choices = tuple(field.enum_type.values_by_name)
        if token.kind in ("name", "number") and field.enum_type.name != "Phase":  # forks have more values than Caffe
            self._leave_out(message, field.name, token.line, "-" * negative + shorten(token.text), choices)
            return None
        what = f"{field.name} cannot be {shorten(token.text)}; it is one of {', '.join(choices)}"
        raise self.tokens.error(what, token.line)

    def _leave_out(self, message: Any, name: str, line: int, value: str = "", choices: tuple[str, ...] = ()) -> None:
        if len(self.unknown) >= MOST_UNKNOWN:
            raise self.tokens.error("too many fields that Caffe does not have: not a Caffe network", line)
        self.unknown.append(UnknownField(line, message.DESCRIPTOR.name, name, None, value, choices))

    def _skip_value(self) -> None:
        tokens = self.tokens
        colon, opened = tokens.accept(":"), tokens.next.line
        for opening, closing in ("{}", "<>", "[]"):
            if tokens.accept(opening):
                self._skip_to(closing, opened)
                return
        tokens.accept("-")
        if not colon or tokens.next.kind not in ("name", "number", "string"):
            raise tokens.error(f"expected a value, found {tokens.found()}")
        while tokens.take().kind == "string" and tokens.next.kind == "string":
            pass

    def _skip_to(self, closing: str, opened: int) -> None:
        """Skips everything up to and including the closing mark, nested pairs too, without recursion."""
        tokens = self.tokens
        stack = [closing]
        while stack:
            token = tokens.take()
            if token.kind == "end":
                raise tokens.error(f"the text ends before what line {opened} opens is closed")
            if token.kind == "mark" and token.text in "{<[":
                stack.append({"{": "}", "<": ">", "[": "]"}[token.text])
            elif token.kind == "mark" and token.text in "}>]" and token.text != stack.pop():
                raise tokens.error(f"{token.text!r} does not match an opening mark", token.line)


def _float(token: Token) -> float:
    if token.kind not in ("number", "name"):
        raise ValueError(token.text)
    if token.text.lower() in ("inf", "infinity", "nan"):
        return float(token.text)
    if token.kind == "name":
        raise ValueError(token.text)
    if token.text[:2] in ("0x", "0X"):
        return float(int(token.text, 16))
    return float(token.text.rstrip("fF"))


def _int(text: str) -> int:
    """Decimal, 0x... or 0..., as in C."""
    if text[:1] == "0" and text.isdigit():
        return int(text, 8)
    return int(text, 0)


def _unescape(token: str) -> bytes:
    """The bytes of a string token, which includes its quotes."""
    return _ESCAPE.sub(_escaped, token[1:-1].encode("utf-8", "surrogateescape"))


def _escaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, letter = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 255])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if letter is not None:
        return _ESCAPED[letter]
    code = int(short or long, 16)
    return chr(code).encode() if code < 0x110000 else b"\xff"

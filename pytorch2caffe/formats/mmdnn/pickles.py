"""The pickles in MMdnn's .npy files, read without the pickle module: as data, never as code.

A pickle is a program for a stack machine. This accepts the operations for numbers, strings, lists, dicts and
numpy arrays; everything else is an error, above all calls of other functions. Arrays are views of the file.
Source: the documentation of Python's pickletools.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import IrFormatError

MOST_OPERATIONS = 500_000  # networks of a thousand layers have some 100,000
MOST_AXES = 8
ARRAY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
CALLABLE = {
    **{(module, name): name for module in ARRAY_MODULES for name in ("_reconstruct", "scalar")},
    ("numpy", "dtype"): "dtype",
    ("numpy", "ndarray"): "ndarray",
    ("_codecs", "encode"): "encode",
}
NUMBERS = {
    f"{kind}{size}" for kind, sizes in {"f": (2, 4, 8), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8)}.items() for size in sizes
} | {"b1"}


@dataclass(eq=False)
class _Function:
    name: str


@dataclass(eq=False)
class _Dtype:
    """A dtype: its code, "f4", and whether its numbers are big-endian. O is that of the array around a dict."""

    code: str
    big: bool = False

    def dtype(self) -> np.dtype[Any]:
        return np.dtype((">" if self.big else "<") + self.code)


@dataclass(eq=False)
class _Array:
    """An array under construction; `value` is set by BUILD."""

    value: Any = None


class _Mark:
    pass


def read_pickle(buffer: memoryview) -> Any:
    """The object in a pickle: dicts, lists, tuples, strings, bytes, numbers and numpy arrays.

    Arrays are read-only views of `buffer`, in its byte order. An object array of one object is that object.
    Raises IrFormatError for anything else, and for damaged data.
    """
    machine = _Machine(buffer)
    try:
        return _finished(machine.run())
    except (IndexError, TypeError, ValueError, struct.error, UnicodeError, OverflowError) as error:
        raise IrFormatError(f"damaged at byte {machine.position}: {str(error)[:100]}") from error


def _finished(item: Any) -> Any:
    return item.value if isinstance(item, _Array) else item


class _Machine:
    def __init__(self, buffer: memoryview) -> None:
        self.buffer = buffer
        self.position = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(MOST_OPERATIONS):
            code = self.take(1)[0]
            if code == ord("."):
                return self.stack.pop()
            operation = OPERATIONS.get(code)
            if operation is None:
                raise IrFormatError(f"byte {self.position - 1}: operation {chr(code)!r}, which weights do not need")
            operation(self)
        raise IrFormatError(f"more than {MOST_OPERATIONS:,} operations: not weights")

    def take(self, size: int) -> memoryview:
        if size < 0 or self.position + size > len(self.buffer):
            raise IrFormatError(f"truncated: {size:,} more bytes are needed after byte {self.position}")
        self.position += size
        return self.buffer[self.position - size : self.position]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = bytes(self.buffer[self.position : self.position + 300]).find(b"\n")
        if end < 0:
            raise IrFormatError(f"byte {self.position}: a line without an end")
        return str(bytes(self.take(end + 1)[:-1]), "utf-8")

    def marked(self) -> list[Any]:
        """What lies above the last mark, which goes too."""
        for place in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[place], _Mark):
                items = self.stack[place + 1 :]
                del self.stack[place:]
                return items
        raise IrFormatError(f"byte {self.position}: a mark is missing")

    # ---- operations that do more than push one thing -----------------------------------------------------------------

    def get(self, number: int) -> None:
        if number not in self.memo:
            raise IrFormatError(f"byte {self.position}: nothing was kept as number {number}")
        self.stack.append(self.memo[number])

    def put(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def function(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or (module, name) not in CALLABLE:
            raise IrFormatError(f"it asks for {str(module)[:60]}.{str(name)[:60]}: not loaded, weights never need it")
        self.stack.append(_Function(CALLABLE[module, name]))

    def stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.function(module, name)

    def reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Function) or not isinstance(arguments, tuple):
            raise IrFormatError(f"byte {self.position}: a call of an object that is not a function")
        self.stack.append(_call(function.name, arguments))

    def build(self) -> None:
        state, item = self.stack.pop(), self.stack[-1]
        if isinstance(item, _Dtype):
            item.big = isinstance(state, tuple) and len(state) > 1 and _text(state[1]) == ">"
        elif isinstance(item, _Array):
            item.value = _array(state)
        else:
            raise IrFormatError(f"byte {self.position}: a state for something that has none")

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise IrFormatError(f"byte {self.position}: items for an object that is not a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            key = str(bytes(key), "utf-8", "replace") if isinstance(key, memoryview) else key
            if not isinstance(key, (str, int)):
                raise IrFormatError(f"byte {self.position}: a key that is a {type(key).__name__}")
            target[key] = _finished(value)

    def append(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise IrFormatError(f"byte {self.position}: items for an object that is not a list")
        self.stack[-1].extend(map(_finished, items))

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[len(self.stack) - count :])
        if len(items) != count:
            raise IrFormatError(f"byte {self.position}: too little for a tuple")
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def long(self, size: int) -> None:
        if size > 16:
            raise IrFormatError(f"byte {self.position}: a number of {size} bytes")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def drop(self) -> None:
        self.stack.pop()

    def ignore(self, size: int) -> None:
        self.take(size)


def _push(make: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(make(machine))


def _text_of(form: str, encoding: str) -> Callable[[_Machine], None]:
    return _push(lambda m: str(bytes(m.take(m.number(form))), encoding, "surrogatepass"))


def _operations() -> Iterator[tuple[str, Callable[[_Machine], None]]]:
    """By their codes, as pickletools lists them."""
    yield "\x80", lambda m: m.ignore(1)  # protocol
    yield "\x95", lambda m: m.ignore(8)  # frame
    yield "0", lambda m: m.drop()
    for code, kind in {"(": _Mark, "}": dict, "]": list, ")": tuple}.items():
        yield code, _push(lambda _, kind=kind: kind())  # type: ignore[misc]
    for code, constant in {"N": None, "\x88": True, "\x89": False}.items():
        yield code, _push(lambda _, constant=constant: constant)  # type: ignore[misc]
    for code, form in {"K": "<B", "M": "<H", "J": "<i", "G": ">d"}.items():
        yield code, _push(lambda m, form=form: m.number(form))  # type: ignore[misc]
    yield "\x8a", lambda m: m.long(m.number("<B"))
    for code, form in {"U": "<B", "T": "<i"}.items():  # texts of Python 2
        yield code, _text_of(form, "latin-1")
    for code, form in {"\x8c": "<B", "X": "<I", "\x8d": "<Q"}.items():
        yield code, _text_of(form, "utf-8")
    for code, form in {"C": "<B", "B": "<I", "\x8e": "<Q"}.items():
        yield code, _push(lambda m, form=form: m.take(m.number(form)))  # type: ignore[misc]
    for count, code in enumerate("\x85\x86\x87", 1):
        yield code, lambda m, count=count: m.tuple_of(count)  # type: ignore[misc]
    yield "t", _push(lambda m: tuple(m.marked()))
    for code, form in {"q": "<B", "r": "<I"}.items():
        yield code, lambda m, form=form: m.put(m.number(form))  # type: ignore[misc]
    yield "\x94", lambda m: m.put(len(m.memo))
    for code, form in {"h": "<B", "j": "<I"}.items():
        yield code, lambda m, form=form: m.get(m.number(form))  # type: ignore[misc]
    yield "c", lambda m: m.function(m.line(), m.line())
    yield "\x93", _Machine.stack_global
    yield "R", _Machine.reduce
    yield "b", _Machine.build
    yield "u", lambda m: m.set_items(m.marked())
    yield "s", lambda m: m.set_items([m.stack.pop(-2), m.stack.pop()])
    yield "e", lambda m: m.append(m.marked())
    yield "a", lambda m: m.append([m.stack.pop()])


OPERATIONS = {ord(code): operation for code, operation in _operations()}


def _call(name: str, arguments: tuple[Any, ...]) -> Any:
    if name == "_reconstruct":
        return _Array()
    if name == "dtype" and arguments:
        code = _text(arguments[0])
        if code not in NUMBERS | {"O", "O4", "O8"}:
            raise IrFormatError(f"an array of dtype {code[:20]!r}: weights are numbers")
        return _Dtype(code)
    if (
        name == "encode"
        and len(arguments) == 2
        and isinstance(arguments[0], str)
        and arguments[1] in ("latin1", "latin-1")
    ):
        return memoryview(arguments[0].encode("latin-1"))
    if name == "scalar" and len(arguments) == 2 and isinstance(arguments[0], _Dtype) and arguments[0].code != "O8":
        (value,) = _numbers(arguments[0], arguments[1])
        return value.item()
    raise IrFormatError(f"a call of {name} that numpy never writes")


def _text(item: Any) -> str:
    if not isinstance(item, (str, memoryview)):  # bytes(2147483647) would be so many
        raise IrFormatError(f"a {type(item).__name__} where a text is needed")
    return item if isinstance(item, str) else str(bytes(item), "latin-1")


def _numbers(dtype: _Dtype, content: Any) -> np.ndarray:
    raw = content.encode("latin-1") if isinstance(content, str) else content
    if not isinstance(raw, (memoryview, bytes)):
        raise IrFormatError("an array whose data are not bytes")
    return np.frombuffer(raw, dtype.dtype())


def _array(state: Any) -> Any:
    if not isinstance(state, tuple) or len(state) != 5:
        raise IrFormatError("an array without a state")
    _, shape, dtype, fortran, content = state
    axes = shape if isinstance(shape, tuple) and len(shape) <= MOST_AXES else None
    if axes is None or not isinstance(dtype, _Dtype) or not all(isinstance(n, int) and n >= 0 for n in axes):
        raise IrFormatError("an array whose shape or dtype is damaged")
    if dtype.code.startswith("O"):
        if axes != () or not isinstance(content, list) or len(content) != 1:
            raise IrFormatError("an array of objects: weights are arrays of numbers")
        return _finished(content[0])
    array = _numbers(dtype, content)
    size = 1
    for dim in axes:
        size *= dim
    if size != array.size:
        raise IrFormatError(f"an array of {array.size:,} numbers, its shape {list(axes)} takes {size:,}")
    return array.reshape(axes, order="F" if fortran else "C")

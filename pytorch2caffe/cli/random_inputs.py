"""Random inputs of the shapes and types that a command line names, and advice where the model refuses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

TYPE = re.compile(r"(float32|int64|int32|uint8|bool)(?::(-?\d+)\.\.(-?\d+))?")


class InputType(NamedTuple):
    """The type of an input, by torch's name, and the integers it may have, both included."""

    name: str
    low: int = 0
    high: int = 1


class InputTypeParameter(click.ParamType):
    """int64:0..1000"""

    name = "TYPE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> InputType:
        """The type."""
        if isinstance(value, InputType):
            return value
        match = TYPE.fullmatch(value)
        if not match or match[2] and (match[1] in ("float32", "bool") or int(match[2]) > int(match[3])):
            self.fail(f"{value!r} is not a type: write float32, bool, or int64:0..1000 with both limits", param, ctx)
        if not match[2] and match[1] not in ("float32", "bool"):
            self.fail(f"{value!r} has no range: write {value}:0..1000, with both limits", param, ctx)
        return InputType(match[1], int(match[2] or 0), int(match[3] or 1))


def types_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--input-type."""
    return click.option(
        "--input-type",
        "types",
        type=InputTypeParameter(),
        multiple=True,
        help="The type of each input, in order, unless all are float32: bool, or int64:0..1000 for these integers.",
    )(function)


def random_inputs(
    shapes: Sequence[tuple[int, ...]],
    types: Sequence[InputType] = (),
    bounds: tuple[float, float] | None = None,
) -> Any:
    """A random tensor for the only shape, or a tuple of one for each.

    types:  of the inputs, in order; none: all are float32. Integers are uniform within their range.
    bounds: of float32, uniform within them; without them normal.
    """
    import torch

    if types and len(types) != len(shapes):
        raise click.UsageError(f"--input-type: {len(types)} types for {len(shapes)} inputs: give one for each, or none")

    def draw(shape: tuple[int, ...], kind: InputType) -> torch.Tensor:
        if kind.name != "float32":
            return torch.randint(kind.low, kind.high + 1, shape).to(getattr(torch, kind.name))
        low, high = bounds or (0.0, 0.0)
        return torch.rand(shape) * (high - low) + low if bounds else torch.randn(shape)

    kinds = types or [InputType("float32")] * len(shapes)
    tensors = tuple(draw(shape, kind) for shape, kind in zip(shapes, kinds, strict=True))
    return tensors[0] if len(tensors) == 1 else tensors


@contextmanager
def shape_advice(shapes: Sequence[tuple[int, ...]]) -> Iterator[None]:
    """A scope in which what a model raises gets the probable reason: no batch, channels last, integers."""
    try:
        yield
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        notes = [*getattr(error, "__notes__", []), *(f"fix: {fix}" for fix in _advice(shapes, str(error)))]
        error.__notes__ = notes  # type: ignore[attr-defined, union-attr]  # add_note is Python 3.11's
        raise


def _advice(shapes: Sequence[tuple[int, ...]], text: str) -> Iterator[str]:
    for shape in shapes:
        if len(shape) == 3 and shape[0] in (1, 3, 4):
            yield f"give the batch too: --input-shape {_text((1, *shape))}"
        if len(shape) == 4 and shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4):
            yield f"PyTorch's order is N,C,H,W: --input-shape {_text((shape[0], shape[3], shape[1], shape[2]))}"
    if "positional argument" in text:
        yield "give --input-shape once for each input of the model's forward, in its order"
    if re.search(r"scalar types: Long, Int|must be long|indices must be|IntTensor|LongTensor", text):
        yield "for an input of integers give its type, and their range: --input-type int64:0..1000"


def _text(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape))

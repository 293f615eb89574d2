"""The shapes of a network's inputs: those in the file, with what the caller gives for sizes that are left open."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ...errors import ConversionError
from ...graph.graph import Shape
from .tensors import MOST_NUMBERS

InputShapes = Sequence[int] | Sequence[Sequence[int]] | Mapping[str, Sequence[int]]


def shapes_of(inputs: Sequence[Any], given: InputShapes | None) -> dict[str, Shape]:
    """The shape of each input (a ValueInfoProto) by name.

    given: a shape for the only input, one for each in order, or by name for some of them. A name of a size that it
    settles is settled in every input; a first axis that is still open is 1.

    Raises ConversionError naming all inputs whose sizes are open, unknown or too large, and for shapes that do not fit.
    """
    named = _by_name([info.name for info in inputs], given)
    symbols: dict[str, int] = {}
    for info in inputs:
        for dim, size in zip(_dims(info), named.get(info.name, ()), strict=False):
            if isinstance(dim, str) and dim:
                symbols.setdefault(dim, size)
    found, faults = {}, []
    for info in inputs:
        dims = _dims(info)
        shape = named.get(info.name) or tuple(
            dim if isinstance(dim, int) else symbols.get(dim, 1 if axis == 0 else -1) for axis, dim in enumerate(dims)
        )
        if dims and info.name in named and len(shape) != len(dims):
            faults.append(f"{info.name!r} has {len(dims)} axes {_text(dims)}, not {len(shape)}")
        elif any(isinstance(d, int) and d != s for d, s in zip(dims, shape, strict=False)):
            faults.append(f"{info.name!r} has the fixed shape {_text(dims)}, not {list(shape)}")
        elif min(shape, default=1) < 1:
            faults.append(f"{info.name!r} has the shape {_text(dims)}: give all its sizes (--input-shape)")
        elif prod(shape) > MOST_NUMBERS:
            faults.append(f"{info.name!r} has the shape {list(shape)}: use at most {MOST_NUMBERS:,} numbers")
        found[info.name] = tuple(shape)
    if faults:
        raise ConversionError("the shapes of the inputs:\n" + "\n".join(f"  input {fault}" for fault in faults))
    return found


def _dims(info: Any) -> list[int | str]:
    """The sizes of an input, a name for one that is open, "" for one without a name."""
    dims = info.type.tensor_type.shape.dim
    return [int(dim.dim_value) if dim.HasField("dim_value") and dim.dim_value > 0 else dim.dim_param for dim in dims]


def _text(dims: Sequence[int | str]) -> str:
    return "[" + ", ".join(str(dim) or "?" for dim in dims) + "]"


def _by_name(names: Sequence[str], given: InputShapes | None) -> dict[str, Shape]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                near = difflib.get_close_matches(name, names, 3)
                hint = f"similar: {', '.join(near)}" if near else f"its inputs: {', '.join(names) or 'none'}"
                raise ConversionError(f"the model has no input {name!r}; {hint}")
        return {name: _sizes(shape) for name, shape in given.items()}
    shapes: Sequence[Any] = [given] if not given or isinstance(given[0], int) else given
    if len(shapes) != len(names):
        listed = ", ".join(names) or "none"
        raise ConversionError(f"{len(shapes)} input shapes for {len(names)} inputs ({listed}): give one for each")
    return {name: _sizes(shape) for name, shape in zip(names, shapes, strict=True)}


def _sizes(shape: Any) -> Shape:
    sizes = tuple(shape)
    if any(not isinstance(size, int) or size < 1 for size in sizes):
        raise ConversionError(f"an input shape has integers above 0, not {list(sizes)}")
    return sizes

"""Tensors inside nested tuples, lists, dicts, named tuples, dataclasses and slices."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping, ValuesView
from typing import Any

import torch


def leaves(item: Any) -> Iterator[Any]:
    """Everything in nested tuples, lists and dicts."""
    if isinstance(item, (tuple, list)):
        for part in item:
            yield from leaves(part)
    elif isinstance(item, Mapping):
        yield from leaves(list(item.values()))
    else:
        yield item


def tensors_in(item: Any) -> Iterator[torch.Tensor]:
    """Every tensor in the arguments of a call: in nested tuples, lists, dicts and slices."""
    if isinstance(item, torch.Tensor):
        yield item
    elif isinstance(item, (tuple, list)):
        for part in item:
            yield from tensors_in(part)
    elif isinstance(item, Mapping):
        for part in item.values():
            yield from tensors_in(part)
    elif isinstance(item, slice):
        yield from tensors_in((item.start, item.stop, item.step))


def has_type(item: Any, dtype: torch.dtype) -> bool:
    """Whether a tensor in the arguments of a call has this type."""
    return any(tensor.dtype == dtype for tensor in tensors_in(item))


def as_list(output: Any) -> list[Any]:
    """What a function returned, one or several."""
    return list(output) if isinstance(output, (tuple, list)) else [output]


def mapped(function: Callable[[str, Any], Any], name: str, item: Any) -> Any:
    """The same structure with `function(name, leaf)` for each leaf; names are joined by dots: `boxes.0`."""

    def part(key: Any, value: Any) -> Any:
        return mapped(function, f"{name}.{key}" if name else str(key), value)

    if isinstance(item, Mapping):
        changed = {key: part(key, value) for key, value in item.items()}
        return changed if type(item) is dict else type(item)(changed)  # type: ignore[call-arg]
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        return type(item)(*(part(key, value) for key, value in zip(item._fields, item, strict=True)))
    if isinstance(item, (tuple, list)) and not isinstance(item, torch.Size):
        return type(item)(part(index, value) for index, value in enumerate(item))
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        names = [field.name for field in dataclasses.fields(item) if field.init]
        return dataclasses.replace(item, **{key: part(key, getattr(item, key)) for key in names})
    return function(name, item)


def named_leaves(item: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(name, leaf) for everything that a model returned; names are dict keys and field names, or ""."""
    if hasattr(item, "_asdict"):
        item = item._asdict()
    if isinstance(item, Mapping):
        for key, part in item.items():
            yield from named_leaves(part, f"{name}.{key}" if name else str(key))
    elif isinstance(item, (tuple, list, deque, ValuesView)) and not isinstance(item, torch.Size):
        for index, part in enumerate(item):
            yield from named_leaves(part, f"{name}.{index}" if name else "")
    elif dataclasses.is_dataclass(item) and not isinstance(item, type):
        for field in dataclasses.fields(item):
            yield from named_leaves(getattr(item, field.name), f"{name}.{field.name}" if name else field.name)
    else:
        yield name, item

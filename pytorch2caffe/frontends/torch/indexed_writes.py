"""Writes at constant indices, y[:, [0, 2]] = x, as writes into memory: what was there before is not read."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import _disable_current_modes

from ...layers.indexing.strided import grid
from .memory import Memory, strided
from .structure import tensors_in
from .taint import Taint


class IndexedWrite(NamedTuple):
    """What is written where. positions: in the memory of the tensor. content: broadcasts to their shape."""

    positions: torch.Tensor
    content: Any


def indexed_write(name: str, args: Any, kwargs: Any, memory: Memory, taint: Taint) -> IndexedWrite | None:
    """What a call writes at constant indices into memory that is not all traced; None for other calls.

    A tensor that is all traced is read, and a layer writes into it.
    """
    function = _POSITIONS.get(name)
    target = args[0] if args else None
    if function is None or not isinstance(target, torch.Tensor) or taint.has(target) and not memory.has_gaps(target):
        return None
    with _disable_current_modes():
        where = strided(target)
        own = torch.from_numpy(grid(where.offset, where.sizes, where.strides))
        given = signature(function).bind(own, *args[1:], **kwargs).arguments
        index = [item for key, item in given.items() if key not in _CONTENT]
        if any(taint.has(each) for each in tensors_in(index)):
            return None
        found = function(**given)
    if found is None or isinstance(found.content, torch.Tensor) and taint.key(found.content) == taint.key(target):
        return None
    return found


def expanded(write: IndexedWrite, dtype: torch.dtype) -> torch.Tensor:
    """What is written, of the shape of the positions; further axes of size 1 in front are dropped."""
    content = torch.as_tensor(write.content)
    extra = content.dim() - write.positions.dim()
    content = content.reshape(content.shape[extra:]) if extra > 0 else content
    content = content if content.dtype == dtype else content.to(dtype)
    return content if content.shape == write.positions.shape else content.expand(write.positions.shape)


# What each function writes into a tensor whose numbers are `own`, the positions in its memory.

_CONTENT = {"value", "values", "source", "src"}


def _setitem(own: torch.Tensor, index: Any, value: Any) -> IndexedWrite:
    return IndexedWrite(own[index], value)


def _index_put(own: torch.Tensor, indices: Any, values: Any, accumulate: bool = False) -> IndexedWrite | None:
    return None if accumulate else IndexedWrite(own[tuple(indices)], values)


def _index_copy(own: torch.Tensor, dim: int, index: torch.Tensor, source: Any) -> IndexedWrite:
    return IndexedWrite(own.index_select(dim, index), source)


def _index_fill(own: torch.Tensor, dim: int, index: torch.Tensor, value: Any) -> IndexedWrite:
    return IndexedWrite(own.index_select(dim, index), value)


def _scatter(
    own: torch.Tensor, dim: int, index: torch.Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> IndexedWrite | None:
    content = value if src is None else src
    if isinstance(content, torch.Tensor) and content.dim():
        content = content[tuple(map(slice, index.shape))]
    return IndexedWrite(own.gather(dim, index), content) if reduce is None else None


def _masked_fill(own: torch.Tensor, mask: torch.Tensor, value: Any) -> IndexedWrite:
    return IndexedWrite(own[mask.expand_as(own)], value)


def _masked_scatter(own: torch.Tensor, mask: torch.Tensor, source: torch.Tensor) -> IndexedWrite | None:
    positions = own[mask.expand_as(own)]
    return IndexedWrite(positions, source.view(-1)[: len(positions)]) if source.is_contiguous() else None


_POSITIONS: dict[str, Callable[..., IndexedWrite | None]] = {
    "torch.Tensor.__setitem__": _setitem,
    "torch.Tensor.index_put_": _index_put,
    "torch.Tensor.index_copy_": _index_copy,
    "torch.Tensor.index_fill_": _index_fill,
    "torch.Tensor.scatter_": _scatter,
    "torch.Tensor.masked_fill_": _masked_fill,
    "torch.Tensor.masked_scatter_": _masked_scatter,
}

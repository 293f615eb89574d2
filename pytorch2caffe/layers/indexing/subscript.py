"""How x[index] is read: basic indices (slices, integers, None, Ellipsis) and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.graph import Value

DATA_SHAPED = "index with numbers; multiply with a mask, or use torch.where(mask, a, b)"

Range = tuple[int, int, int]  # begin, end, step


def ranges_of(have: Sequence[int], index: Any) -> tuple[list[Range], list[int]]:
    """What a basic index selects from a shape: a range per axis, and the shape of the result.

    >>> ranges_of((4, 6), (None, 2, slice(1, None)))
    ([(2, 3, 1), (1, 6, 1)], [1, 5])
    """
    rank, items = len(have), list(index) if isinstance(index, tuple) else [index]
    for item in items:
        if not (item is None or item is Ellipsis or isinstance(item, (int, slice)) and not isinstance(item, bool)):
            raise Refused(f"indexing with {type(item).__name__}", "use slices, integers, None or torch.index_select")
    missing = [slice(None)] * (rank - sum(item is not None and item is not Ellipsis for item in items))
    if Ellipsis in items:
        dots = items.index(Ellipsis)
        items[dots : dots + 1] = missing
    else:
        items += missing
    ranges: list[Range] = []
    shape = []
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = have[len(ranges)]
        if isinstance(item, slice):
            begin, end, step = item.indices(size)
            ranges.append((begin, end, step))
            shape.append(len(range(begin, end, step)))
        else:
            ranges.append((item % size, item % size + 1, 1))
    return ranges, shape


def from_the_end(have: Sequence[int], index: Any) -> set[int]:
    """The axes along which a basic index counts from the end, or up to a number that is the end.

    >>> from_the_end((4, 6, 8), (slice(1, None), slice(0, -1), -1)), from_the_end((4, 6), (slice(2), slice(1, 6)))
    ({1, 2}, {1})
    """
    return {axis for axis, item in _items_by_axis(have, index).items() if _is_from_end(item, have[axis])}


def _items_by_axis(have: Sequence[int], index: Any) -> dict[int, Any]:
    """The integer or slice of a basic index for each axis that it names."""
    items = [item for item in (index if isinstance(index, tuple) else (index,)) if item is not None]
    dots = items.index(Ellipsis) if Ellipsis in items else len(items)
    last = len(items) - dots - 1
    axes = [*range(dots), *range(len(have) - last, len(have))]
    return dict(zip(axes, [*items[:dots], *items[dots + 1 :]], strict=False))


def to_before_end(have: Sequence[int], index: Any) -> set[int]:
    """The axes that a basic index cuts from a number, or the start, to before the end: `x[:, 1:-1]`.

    >>> to_before_end((4, 6, 8), (slice(1, None), slice(0, -1), -1)), to_before_end((4, 6), (..., slice(-3, -1)))
    ({1}, set())
    """
    items = _items_by_axis(have, index)
    cuts = {axis: item for axis, item in items.items() if isinstance(item, slice) and item.step in (None, 1)}
    return {axis for axis, cut in cuts.items() if (cut.start or 0) >= 0 and cut.stop is not None and cut.stop < 0}


def _is_from_end(item: int | slice, size: int) -> bool:
    if isinstance(item, int):
        return item < 0
    ends = [end for end in (item.start, item.stop) if end is not None]
    return any(end < 0 or end >= size for end in ends) and item.indices(size) != (0, size, 1)


def items_of(index: Any) -> tuple[list[Any], bool]:
    """The parts of an index, lists as arrays and arrays of one number as integers; and whether it has arrays.

    Raises Refused for a part that is traced: what it selects depends on the input.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    for i, part in enumerate(parts):
        if isinstance(part, list) and all(isinstance(n, (int, bool)) for n in part):
            parts[i] = np.array(part, bool if part and isinstance(part[0], bool) else np.int64)
        if isinstance(part, Value):
            raise Refused("an index or mask that depends on the input", DATA_SHAPED)
        if isinstance(parts[i], tuple):
            raise Refused("an index within an index", "use tensors as indices")
        if isinstance(parts[i], np.ndarray) and parts[i].ndim == 0 and parts[i].dtype != bool:
            parts[i] = int(parts[i])
    return parts, any(isinstance(part, np.ndarray) for part in parts)


def positions_of(shape: Sequence[int], parts: Sequence[Any]) -> np.ndarray:
    """What an index with arrays selects, as positions in x.reshape(-1): an array of the result's shape."""
    arrays = tuple(p.astype(np.int64) if isinstance(p, np.ndarray) and p.dtype != bool else p for p in parts)
    positions = np.arange(prod(shape)).reshape(tuple(shape))
    basic = [p if not isinstance(p, np.ndarray) else slice(None) for p in arrays]
    if all(p.dtype != bool for p in arrays if isinstance(p, np.ndarray)):  # PyTorch applies integers first
        positions = positions[tuple(basic)]
        arrays = tuple(
            p if isinstance(p, np.ndarray) or p is Ellipsis else slice(None) for p in arrays if not isinstance(p, int)
        )
    elif any(isinstance(p, int) for p in arrays):
        raise Refused("an index with a mask and an integer", "index twice")
    return positions[arrays]

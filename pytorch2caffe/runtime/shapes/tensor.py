"""A tensor of which only the shape is known, with the methods that the source of layers calls."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from types import EllipsisType
from typing import Any

import numpy as np

from ...graph.graph import Shape

Index = slice | int | EllipsisType | None
Number = int | float

MOST_ELEMENTS = 1 << 61  # of float32: torch counts bytes in int64


class NotModelled(Exception):
    """Source whose shapes are not known here: torch has to run it, and to judge it if it is wrong."""


class Rejected(ValueError):
    """What torch is certain to refuse, with a message as torch's."""


def require(condition: bool) -> None:
    """Raises NotModelled unless torch is certain to accept the operation."""
    if not condition:
        raise NotModelled


class ShapeTensor:
    """A tensor by its shape. Its methods are named, called and limited as those of torch.Tensor.

    Raises NotModelled for an axis without elements, of which torch has rules of its own, and for too many to count.
    """

    dtype = None

    def __init__(self, shape: Sequence[int]) -> None:
        require(min(shape, default=1) > 0 and prod(shape) < MOST_ELEMENTS)
        self.shape: Shape = tuple(shape)

    def axis(self, dim: int) -> int:
        """The axis counted from 0."""
        require(-len(self.shape) <= dim < len(self.shape))
        return dim % len(self.shape)

    def with_size(self, dim: int, size: int) -> ShapeTensor:
        """The shape with another size along an axis."""
        axis = self.axis(dim)
        return ShapeTensor((*self.shape[:axis], size, *self.shape[axis + 1 :]))

    def of_each(self, *numbers: Any, **options: Any) -> ShapeTensor:
        """A function of each element."""
        require(not any(isinstance(each, ShapeTensor) for each in (*numbers, *options.values())))
        return ShapeTensor(self.shape)

    abs = clamp = clone = contiguous = float = long = sigmoid = sqrt = square = to = __neg__ = of_each

    def broadcast(self, other: ShapeTensor | Number) -> ShapeTensor:
        """An operation on the elements of two tensors, or on those of one and a number."""
        if not isinstance(other, ShapeTensor):
            return self.of_each(other)
        try:
            return ShapeTensor(np.broadcast_shapes(self.shape, other.shape))
        except ValueError as error:
            raise Rejected(f"shapes {list(self.shape)} and {list(other.shape)} cannot be broadcast") from error

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __gt__ = broadcast

    def reshape(self, *dims: Any) -> ShapeTensor:
        sizes = list(dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims)
        require(all(size > 0 for size in sizes if size != -1) and sizes.count(-1) < 2)
        count, known = prod(self.shape), abs(prod(sizes))
        if count % known or -1 not in sizes and count != known:
            raise Rejected(f"shape '{sizes}' is invalid for input of size {count}")
        return ShapeTensor([count // known if size == -1 else size for size in sizes])

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> ShapeTensor:
        start, end = self.axis(start_dim), self.axis(end_dim)
        require(start <= end)
        return ShapeTensor((*self.shape[:start], prod(self.shape[start : end + 1]), *self.shape[end + 1 :]))

    def unflatten(self, dim: int, sizes: Sequence[int]) -> ShapeTensor:
        axis = self.axis(dim)
        require(min(sizes) > 0 and prod(sizes) == self.shape[axis])
        return ShapeTensor((*self.shape[:axis], *sizes, *self.shape[axis + 1 :]))

    def permute(self, *dims: int) -> ShapeTensor:
        order = [self.axis(dim) for dim in dims]
        require(sorted(order) == list(range(len(self.shape))))
        return ShapeTensor([self.shape[axis] for axis in order])

    def movedim(self, source: int, destination: int) -> ShapeTensor:
        sizes = list(self.shape)
        start, end = self.axis(source), self.axis(destination)
        sizes.insert(end, sizes.pop(start))
        return ShapeTensor(sizes)

    def unsqueeze(self, dim: int) -> ShapeTensor:
        require(-len(self.shape) <= dim + 1 and dim <= len(self.shape))
        at = dim if dim >= 0 else dim + len(self.shape) + 1
        return ShapeTensor((*self.shape[:at], 1, *self.shape[at:]))

    def repeat(self, *times: int) -> ShapeTensor:
        require(len(times) == len(self.shape))
        return ShapeTensor([size * count for size, count in zip(self.shape, times, strict=True)])

    def split(self, sizes: Sequence[int], dim: int) -> tuple[ShapeTensor, ...]:
        require(sum(sizes) == self.shape[self.axis(dim)])
        return tuple(self.with_size(dim, size) for size in sizes)

    def index_select(self, dim: int, index: ShapeTensor) -> ShapeTensor:
        require(len(index.shape) == 1)
        return self.with_size(dim, index.shape[0])

    def flip(self, *dims: int) -> ShapeTensor:
        require(len({self.axis(dim) for dim in dims}) == len(dims))
        return ShapeTensor(self.shape)

    def topk(self, k: int, dim: int = -1) -> tuple[ShapeTensor, ShapeTensor]:
        require(0 < k <= self.shape[self.axis(dim)])
        return self.with_size(dim, k), self.with_size(dim, k)

    def argmax(self, dim: int, keepdim: bool = False) -> ShapeTensor:
        return self.reduce(dim, keepdim)

    def reduce(self, dims: int | Sequence[int], keepdim: bool = False, correction: int = 0) -> ShapeTensor:
        """A reduction over some axes."""
        axes = [self.axis(dim) for dim in (dims if isinstance(dims, Sequence) else [dims])]
        require(len(axes) == len(set(axes)) > 0)  # over no axes means over all of them in some functions
        sizes = [1 if axis in axes else size for axis, size in enumerate(self.shape) if keepdim or axis not in axes]
        return ShapeTensor(sizes)

    amax = amin = mean = std = sum = reduce

    def __getitem__(self, index: Index | tuple[Index, ...]) -> ShapeTensor:
        indices = list(index) if isinstance(index, tuple) else [index]
        missing = len(self.shape) - sum(isinstance(each, (slice, int)) for each in indices)
        require(missing >= 0 and not any(isinstance(each, (ShapeTensor, bool)) for each in indices))
        at = next((i for i, each in enumerate(indices) if each is ...), len(indices))
        indices[at : at + 1] = [slice(None)] * missing
        sizes, left = [], list(self.shape)
        for each in indices:
            if each is None:
                sizes.append(1)
            elif isinstance(each, slice):
                require((each.step or 1) > 0)
                sizes.append(len(range(left.pop(0))[each]))
            else:
                require(isinstance(each, int) and -left[0] <= each < left[0])
                del left[0]
        return ShapeTensor(sizes)

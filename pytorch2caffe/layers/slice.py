"""Slice: one input cut along an axis; split, chunk and unbind."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from ..errors import Refused
from ..graph import Value
from ..registry import Layer, Source, from_torch, layer
from .reshape import reshape_to


@layer("Slice", param="slice_param")
class Slice(Layer):
    """Pieces along `axis`, cut at the positions slice_point.  Source: BVLC Caffe, slice_layer.cpp."""

    axis: int = 1
    slice_point: tuple[int, ...] = ()

    def to_caffe(self):
        settings = {"axis": self.axis} if self.axis != 1 else {}
        return settings | ({"slice_point": list(self.slice_point)} if self.slice_point else {})

    @classmethod
    def from_caffe(cls, param, shapes, blobs, tops=None):
        axis = param.get("axis", param.get("slice_dim", 1)) % len(shapes[0])
        points = tuple(param.get("slice_point", ()))
        if not points and tops:
            size = shapes[0][axis] // tops
            points = tuple(size * i for i in range(1, tops))
        return cls(axis, points)

    def to_torch(self, shapes, blobs):
        edges = [0, *self.slice_point, shapes[0][self.axis]]
        sizes = [b - a for a, b in zip(edges, edges[1:], strict=False)]
        return Source(expr=f"{{0}}.split({sizes}, {self.axis})")


def slice_at(net, input, axis, points, name=""):
    """The pieces of a value, as a list, also when there is but one."""
    if not points:
        return [input]
    return net.add(Slice(axis, tuple(points)), input, name=name)


def _cut(net, input, sizes, dim):
    return slice_at(net, input, dim, list(accumulate(sizes))[:-1])


@from_torch("torch.split", "torch.Tensor.split", "torch.functional.split", "torch.split_with_sizes",
            "torch.Tensor.split_with_sizes")  # fmt: skip
def split(net, tensor, split_size_or_sections, dim=0):
    dim %= len(tensor.shape)
    size = tensor.shape[dim]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        sizes = [min(step, size - start) for start in range(0, size, step)]
    else:
        sizes = list(split_size_or_sections)
    return _cut(net, tensor, sizes, dim)


@from_torch("torch.chunk", "torch.Tensor.chunk")
def chunk(net, input, chunks, dim=0):
    return split(net, input, -(-input.shape[dim] // chunks), dim)


@from_torch("torch.tensor_split", "torch.Tensor.tensor_split")
def tensor_split(net, input, indices_or_sections=None, dim=0, *, indices=None, sections=None):
    indices_or_sections = next(i for i in (indices_or_sections, indices, sections) if i is not None)
    if isinstance(indices_or_sections, Value):
        raise Refused("tensor_split at places that depend on the input", "use numbers")
    dim %= len(input.shape)
    size = input.shape[dim]
    places = np.asarray(indices_or_sections).tolist()
    if isinstance(places, int):
        few, more = divmod(size, places)
        return _cut(net, input, [few + (i < more) for i in range(places)], dim)
    return slice_at(net, input, dim, places)


@from_torch("torch.unbind", "torch.Tensor.unbind", "torch.Tensor.__iter__")
def unbind(net, input, dim=0):
    dim %= len(input.shape)
    pieces = slice_at(net, input, dim, range(1, input.shape[dim]))
    return [reshape_to(net, p, (*p.shape[:dim], *p.shape[dim + 1 :]), "piece") for p in pieces]

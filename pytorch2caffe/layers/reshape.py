"""Reshape and Flatten, and everything that only changes the shape."""

from __future__ import annotations

import math

import numpy as np

from ..errors import Refused
from ..registry import Layer, Source, axes_of, from_torch, layer


@layer("Reshape", param="reshape_param")
class Reshape(Layer):
    """The same numbers in another shape. In `shape` 0 copies the input's dimension, -1 takes what is left.

    Only the num_axes axes from `axis` on are replaced (-1: all of them).  Source: BVLC Caffe, reshape_layer.cpp.
    """

    shape: tuple[int, ...]
    axis: int = 0
    num_axes: int = -1

    def to_caffe(self):
        settings = {"shape": {"dim": list(self.shape)}}
        settings |= {"axis": self.axis} if self.axis else {}
        return settings | ({"num_axes": self.num_axes} if self.num_axes != -1 else {})

    @classmethod
    def from_caffe(cls, param, shapes, blobs):
        dims = param.get("shape", {}).get("dim", [])
        return cls(tuple(dims), param.get("axis", 0), param.get("num_axes", -1))

    def to_torch(self, shapes, blobs):
        rank = len(shapes[0])
        start = self.axis if self.axis >= 0 else rank + self.axis + 1
        end = rank if self.num_axes == -1 else start + self.num_axes
        dims = [*((0,) * start), *self.shape, *((0,) * (rank - end))]
        sources = [*range(start), *range(start, start + len(self.shape)), *range(end, rank)]
        texts = [f"{{0}}.shape[{s}]" if d == 0 else str(d) for d, s in zip(dims, sources, strict=True)]
        return Source(expr=f"{{0}}.reshape({', '.join(texts) if texts else '()'})")


@layer("Flatten", param="flatten_param")
class Flatten(Layer):
    """Axes `axis` to `end_axis`, both included, become one.  Source: BVLC Caffe, flatten_layer.cpp."""

    axis: int = 1
    end_axis: int = -1

    def to_torch(self, shapes, blobs):
        arguments = "" if (self.axis, self.end_axis) == (1, -1) else f"{self.axis}, {self.end_axis}"
        return Source(f"nn.Flatten({arguments})")

    def lower(self, net, inputs, blobs):
        """For readers whose Flatten keeps the batch only, or that have none."""
        (x,) = inputs
        rank = len(x.shape)
        start, end = self.axis % rank, self.end_axis % rank + 1
        return reshape_to(net, x, (*x.shape[:start], math.prod(x.shape[start:end]), *x.shape[end:]))


def reshape_to(net, input, shape, name=""):
    """The value, or constant, in another shape. The batch stays open (0) where it is kept."""
    shape = tuple(shape)
    if isinstance(input, np.ndarray):
        return input.reshape(shape)
    if shape == input.shape:
        return input
    dims = list(shape)
    if dims and input.shape and dims[0] == input.shape[0]:
        dims[0] = 0
    return net.add(Reshape(tuple(dims)), input, name=name)


def _resolved(input, shape):
    """A shape that PyTorch was given, with its -1 worked out."""
    shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    dims = [int(d) for d in shape]
    if -1 in dims:
        known = -math.prod(dims)
        dims[dims.index(-1)] = math.prod(input.shape) // known if known else 0
    return tuple(dims)


@from_torch("torch.Tensor.view", "torch.Tensor.reshape", "torch.Tensor._unsafe_view")
def view(net, input, *shape):
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
        raise Refused("view as another type reads the bits of the numbers", "use .to(dtype)")
    return reshape_to(net, input, _resolved(input, shape))


@from_torch("torch.reshape")
def reshape(net, input, shape):
    return reshape_to(net, input, _resolved(input, shape))


@from_torch("torch.Tensor.view_as", "torch.Tensor.reshape_as")
def view_as(net, input, other):
    return reshape_to(net, input, other.shape)


@from_torch("torch.flatten", "torch.Tensor.flatten")
def flatten(net, input, start_dim=0, end_dim=-1):
    rank = len(input.shape)
    if rank == 0:
        return reshape_to(net, input, (1,))
    start, end = start_dim % rank, end_dim % rank
    if start == end:
        return input
    return net.add(Flatten(start, -1 if end == rank - 1 else end), input)


@from_torch("torch.unflatten", "torch.Tensor.unflatten")
def unflatten(net, input, dim, sizes):
    dim %= len(input.shape)
    sizes = list(sizes)
    if -1 in sizes:
        sizes[sizes.index(-1)] = input.shape[dim] // -math.prod(sizes)
    return reshape_to(net, input, (*input.shape[:dim], *sizes, *input.shape[dim + 1 :]))


@from_torch("torch.squeeze", "torch.squeeze_", "torch.Tensor.squeeze", "torch.Tensor.squeeze_")
def squeeze(net, input, dim=None):
    dims = () if dim == () else axes_of(dim, len(input.shape))
    return reshape_to(net, input, [d for i, d in enumerate(input.shape) if d != 1 or i not in dims])


@from_torch("torch.unsqueeze", "torch.Tensor.unsqueeze", "torch.Tensor.unsqueeze_")
def unsqueeze(net, input, dim):
    dim %= len(input.shape) + 1
    return reshape_to(net, input, (*input.shape[:dim], 1, *input.shape[dim:]))


@from_torch(
    "torch.Tensor.contiguous", "torch.Tensor.clone", "torch.clone", "torch.Tensor.detach", "torch.Tensor.detach_",
    "torch.detach", "torch.Tensor.data", "torch.nn.Identity", "torch.Tensor.alias", "torch.Tensor.positive",
    "torch.positive", "torch.Tensor.resolve_conj", "torch.Tensor.resolve_neg", "aten.alias", "aten.detach_",
    "aten.lift_fresh_copy", "torch.nn.functional.feature_dropout_eval",
)  # fmt: skip
def contiguous(net, input, memory_format=None):
    return input


@from_torch("torch.ravel", "torch.Tensor.ravel")
def ravel(net, input):
    return reshape_to(net, input, (math.prod(input.shape),))


@from_torch("torch.atleast_1d", "torch.functional.atleast_1d")
def atleast_1d(net, *tensors):
    return _each(net, tensors, lambda shape: shape or (1,))


@from_torch("torch.atleast_2d", "torch.functional.atleast_2d")
def atleast_2d(net, *tensors):
    return _each(net, tensors, lambda shape: (1,) * (2 - len(shape)) + shape)


@from_torch("torch.atleast_3d", "torch.functional.atleast_3d")
def atleast_3d(net, *tensors):
    """A row becomes [1, n, 1], a table [m, n, 1]."""
    return _each(net, tensors, lambda shape: ((1,) * (2 - len(shape)) + shape + (1,))[: max(3, len(shape))])


def _each(net, tensors, shaped):
    """One tensor in its new shape, or a list of them."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return reshape_to(net, tensors[0], shaped(tuple(tensors[0].shape)))
    return [reshape_to(net, x, shaped(tuple(x.shape))) for x in (tensors if len(tensors) > 1 else tensors[0])]

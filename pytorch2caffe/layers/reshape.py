"""Reshape and Flatten, and everything that only changes the shape."""

from __future__ import annotations

import math

import numpy as np

from ..errors import Refused
from ..ncnn import SHAPE, Ncnn
from ..registry import Layer, Source, axes_of, from_ir, from_torch, layer


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
        if not 0 <= start <= end <= rank:
            raise Refused(f"Reshape of axes {start} to {end} of {rank}", "choose axis and num_axes within the input")
        dims = [*((0,) * start), *self.shape, *((0,) * (rank - end))]
        sources = [*range(start), *range(start, start + len(self.shape)), *range(end, rank)]
        texts = [f"{{0}}.shape[{s}]" if d == 0 else str(d) for d, s in zip(dims, sources, strict=True)]
        return Source(expr=f"{{0}}.reshape({', '.join(texts) if texts else '()'})")

    def to_ir(self, net, inputs, blobs):
        (x,) = inputs
        rank = len(x.shape)
        start = self.axis if self.axis >= 0 else rank + self.axis + 1
        end = rank if self.num_axes == -1 else start + self.num_axes
        dims = [x.shape[start + i] if size == 0 else size for i, size in enumerate(self.shape)]
        shape = [*x.shape[:start], *dims, *x.shape[end:]]
        if -1 in shape:
            shape[shape.index(-1)] = math.prod(x.shape) // -math.prod(shape)
        return net.reshape(x, shape)

    def to_ncnn(self, shapes, blobs):
        return Ncnn(SHAPE)


@layer("Flatten", param="flatten_param")
class Flatten(Layer):
    """Axes `axis` to `end_axis`, both included, become one.  Source: BVLC Caffe, flatten_layer.cpp."""

    axis: int = 1
    end_axis: int = -1

    def to_torch(self, shapes, blobs):
        arguments = "" if (self.axis, self.end_axis) == (1, -1) else f"{self.axis}, {self.end_axis}"
        return Source(f"nn.Flatten({arguments})")

    def to_ncnn(self, shapes, blobs):
        return Ncnn(SHAPE)

    def lower(self, net, inputs, blobs):
        """For readers whose Flatten keeps the batch only, or that have none."""
        (x,) = inputs
        rank = len(x.shape)
        start, end = self.axis % rank, self.end_axis % rank + 1
        return reshape_to(net, x, (*x.shape[:start], math.prod(x.shape[start:end]), *x.shape[end:]))

    def to_ir(self, net, inputs, blobs):
        (x,) = inputs
        start, end = self.axis % len(x.shape), self.end_axis % len(x.shape) + 1
        return net.reshape(x, (*x.shape[:start], math.prod(x.shape[start:end]), *x.shape[end:]))


def reshape_to(net, input, shape, name="", rest=None):
    """The value, or constant, in another shape. A batch that is kept stays open (0), or the axis `rest` (-1)."""
    shape = tuple(shape)
    if isinstance(input, np.ndarray):
        return input.reshape(shape)
    if shape == input.shape and not rest:
        return input
    dims = list(shape)
    if dims and input.shape and dims[0] == input.shape[0] and not rest:
        dims[0] = 0
    elif rest is not None:
        dims[rest] = -1
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


@from_ir("Reshape")
def ir_reshape(net, node, input, *shape):
    """In a file of Caffe's the numbers go in Caffe's order, and so do the sizes."""
    count = math.prod(input.shape)
    dims = node.integers("shape") if "shape" in node else [int(d) for d in np.ravel(shape[0])]
    shape = _filled(dims, count, input.shape[0] if input.shape else 1)
    if node.source == "caffe":
        return reshape_to(net, input, shape)
    return node.reshaped(input, shape, node.open_axis())


def _filled(dims, count, batch):
    """The shape with its -1 worked out; a 0 in front is the batch, and of two -1 the first is."""
    dims = [batch if index == 0 and size == 0 else size for index, size in enumerate(dims)]
    if dims.count(-1) > 1 and dims[0] == -1:
        dims[0] = batch
    known = math.prod(size for size in dims if size != -1)
    if dims.count(-1) == 1 and known > 0 and count % known == 0:
        dims[dims.index(-1)] = count // known
    if math.prod(dims) != count or min(dims, default=1) < 0:
        raise Refused(f"Reshape of {count} numbers to {dims}", "correct its shape")
    return tuple(dims)


@from_ir("Flatten")
def ir_flatten(net, node, input):
    """Everything but the batch. In a file of Caffe's the order is C, H, W, but H, W, C before a fully connected layer
    where the parser put it there itself, as NAME_0 before NAME_1.
    """
    shape = (input.shape[0], math.prod(input.shape[1:]))
    own = node.name.endswith("_0") and f"{node.name[:-2]}_1" in node.readers
    if node.source == "caffe" and not own:
        return reshape_to(net, input, shape)
    return node.reshaped(input, shape)


@from_ir("Squeeze")
def ir_squeeze(net, node, input):
    """Axes of size 1; where the file names none, all of them but the batch."""
    shape = node.shape(input)
    named = node.integers("axes" if "axes" in node else "squeeze_dims", [])
    axes = {node.ir_axis(input, axis) for axis in named}
    if any(shape[axis] != 1 for axis in axes):
        raise Refused(f"Squeeze of axes {named} of a tensor of shape {list(shape)}", "name axes of size 1")
    axes = axes or {axis for axis, size in enumerate(shape) if axis and size == 1}
    return node.reshaped(input, [size for axis, size in enumerate(shape) if axis not in axes], node.open_axis())


@from_ir("Unsqueeze", "ExpandDims")
def ir_unsqueeze(net, node, input):
    named = node.integers("axes" if "axes" in node else "axis")
    shape = list(node.shape(input))
    for axis in sorted(node.ir_axis(input, axis, len(named)) for axis in named):
        shape.insert(axis, 1)
    return node.reshaped(input, shape, node.open_axis())

"""Concatenation, and stacking, which concatenates along a new axis."""

from __future__ import annotations

from ..graph import Value
from ..registry import Layer, Source, from_torch, layer
from .reshape import reshape_to


@layer("Concat", param="concat_param")
class Concat(Layer):
    """The inputs one behind the other along `axis`.  Source: BVLC Caffe, concat_layer.cpp."""

    axis: int = 1

    @classmethod
    def from_caffe(cls, param, shapes, blobs):
        return cls(param.get("axis", param.get("concat_dim", 1)))

    def to_torch(self, shapes, blobs):
        return Source(expr=f"torch.cat(({', '.join(f'{{{i}}}' for i in range(len(shapes)))},), {self.axis})")


@from_torch("torch.cat", "torch.concat", "torch.concatenate")
def cat(net, tensors, dim=0, **named):
    dim = named.get("axis", dim)
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors if t.shape != (0,)]
    return net.add(Concat(dim % len(values[0].shape)), *values) if len(values) > 1 else values[0]


@from_torch("torch.stack")
def stack(net, tensors, dim=0):
    values = [t if isinstance(t, Value) else net.constant(t) for t in tensors]
    dim %= len(values[0].shape) + 1
    parts = [reshape_to(net, v, (*v.shape[:dim], 1, *v.shape[dim:]), "part") for v in values]
    return net.add(Concat(dim), *parts) if len(parts) > 1 else parts[0]

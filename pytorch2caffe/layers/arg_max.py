"""The places of the largest numbers: argmax, argmin, topk."""

from __future__ import annotations

from math import prod

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer
from .power import Power
from .reshape import reshape_to


@layer("ArgMax", param="argmax_param")
class ArgMax(Layer):
    """The places of the top_k largest numbers along `axis`, or the numbers themselves if out_max_val; largest first.

    Of equal numbers Caffe takes the last, PyTorch any.  Source: BVLC Caffe, argmax_layer.cpp.
    """

    axis: int
    top_k: int = 1
    out_max_val: bool = False

    def to_caffe(self):
        return {"axis": self.axis, **self.settings()}

    @classmethod
    def from_caffe(cls, param, shapes, blobs):
        if "axis" not in param:
            raise Refused("ArgMax without an axis", "give its axis")
        return cls(param["axis"] % len(shapes[0]), param.get("top_k", 1), param.get("out_max_val", False))

    def to_torch(self, shapes, blobs):
        part = "[0]" if self.out_max_val else "[1].to({0}.dtype)"
        return Source(expr=f"{{0}}.topk({self.top_k}, {self.axis}){part}")


@from_torch("torch.argmax", "torch.Tensor.argmax")
def argmax(net, input, dim=None, keepdim=False):
    x = reshape_to(net, input, (1, prod(input.shape)), "flat") if dim is None else input
    x = x if x.shape else reshape_to(net, input, (1,), "flat")
    axis = 1 if dim is None else dim
    y = net.add(ArgMax(axis % len(x.shape)), x)
    if dim is None or not input.shape:
        return reshape_to(net, y, (1,) * len(input.shape) if keepdim else ())
    axis %= len(x.shape)
    return y if keepdim else reshape_to(net, y, (*y.shape[:axis], *y.shape[axis + 1 :]))


@from_torch("torch.argmin", "torch.Tensor.argmin")
def argmin(net, input, dim=None, keepdim=False):
    return argmax(net, net.add(Power(scale=-1.0), input, name="minus"), dim, keepdim)


@from_torch("torch.topk", "torch.Tensor.topk")
def topk(net, input, k, dim=-1, largest=True, sorted=True):
    if not input.shape:
        return [reshape_to(net, y, ()) for y in topk(net, reshape_to(net, input, (1,), "flat"), k, 0, largest)]
    axis = dim % len(input.shape)
    x = input if largest else net.add(Power(scale=-1.0), input, name="minus")
    values, places = (net.add(ArgMax(axis, int(k), out), x, name=name) for out, name in ((True, "values"), (False, "")))
    return [values if largest else net.add(Power(scale=-1.0), values, name="smallest"), places]

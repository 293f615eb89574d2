"""Swish (SiLU) and its relatives: the input times a gate made of itself."""

from __future__ import annotations

from ...errors import Refused
from ...formats.ncnn import Ncnn
from ...graph.registry import Layer, Source, from_ir, from_torch, layer, number
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..shape.slice import slice_at
from .bnll import BNLL
from .sigmoid import Sigmoid
from .tanh import TanH


@layer("Swish", param="swish_param")
class Swish(Layer):
    """y = x * sigmoid(beta * x).  Source: BVLC Caffe master, swish_layer.cpp (2018; the 1.0 release has no Swish)."""

    beta: float = 1.0

    def to_torch(self, shapes, blobs):
        if self.beta == 1:
            return Source("nn.SiLU()")
        return Source(expr=f"{{0}} * torch.sigmoid({number(self.beta)} * {{0}})")

    def to_ncnn(self, shapes, blobs):
        if self.beta != 1:
            raise Refused(f"ncnn's Swish has no beta, here {self.beta:g}")
        return Ncnn("Swish")

    def lower(self, net, inputs, blobs):
        (x,) = inputs
        scaled = x if self.beta == 1 else net.add(Power(scale=self.beta), x, name="scaled")
        return net.add(Eltwise("PROD"), x, net.add(Sigmoid(), scaled, name="gate"))


@layer("Mish")
class Mish(Layer):
    """y = x * tanh(log(1 + exp(x)))."""

    def to_torch(self, shapes, blobs):
        return Source("nn.Mish()")

    def to_ncnn(self, shapes, blobs):
        return Ncnn("Mish")

    def lower(self, net, inputs, blobs):
        (x,) = inputs
        return net.add(Eltwise("PROD"), x, net.add(TanH(), net.add(BNLL(), x, name="softplus"), name="gate"))


@from_torch("torch.nn.functional.silu", "torch._C._nn.silu", "torch._C._nn.silu_")
def silu(net, input, inplace=False):
    return net.add(Swish(), input)


@from_torch("torch.nn.functional.mish", "torch._C._nn.mish", "torch._C._nn.mish_")
def mish(net, input, inplace=False):
    return net.add(Mish(), input)


@from_torch("torch.nn.functional.glu", "torch._C._nn.glu")
def glu(net, input, dim=-1):
    """The first half times the sigmoid of the second."""
    dim %= len(input.shape)
    value, gate = slice_at(net, input, dim, [input.shape[dim] // 2], name="half")
    return net.add(Eltwise("PROD"), value, net.add(Sigmoid(), gate, name="gate"))


@from_ir("Swish", "Silu")
def ir_swish(net, node, input):
    return net.add(Swish(node.number("beta", 1.0)), input)

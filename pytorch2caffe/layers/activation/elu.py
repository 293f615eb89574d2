"""ELU, the exponential linear unit, and its rescaled forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx
from ...graph.registry import Layer, Source, from_ir, from_ir_alike, from_torch, layer, number
from ..elementwise.power import Power


@layer("ELU", param="elu_param")
class ELU(Layer):
    """y = x if x > 0 else alpha * (exp(x) - 1).  Source: BVLC Caffe, elu_layer.cpp."""

    elementwise = True

    alpha: float = 1.0

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source(f"nn.ELU({number(self.alpha)})")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        return net.op("Elu", *inputs, alpha=self.alpha)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("ELU", {0: self.alpha})


@from_torch("torch.nn.functional.elu", "torch.nn.functional.elu_")
def elu(net: Builder, input: Value, alpha: float = 1.0, inplace: bool = False) -> Value:
    return net.add(ELU(alpha), input)


@from_ir_alike("Selu")
@from_torch("torch.selu", "torch.selu_", "torch.nn.functional.selu", "torch.nn.functional.selu_")
def selu(net: Builder, input: Value, inplace: bool = False) -> Value:
    """1.0507 * elu(x, 1.6733): the constants of Klambauer et al., 2017."""
    return net.add(Power(scale=1.0507009873554805), net.add(ELU(1.6732632423543772), input, name="elu"))


@from_caffe("SELU", in_place=True)
def caffe_selu(net: Builder, node: CaffeNode, x: Value) -> Value:
    """1.0507 * elu(x, 1.6733).  Source: Klambauer et al., 2017, and selu_layer.cpp of forks of Caffe."""
    return selu(net, x)


@from_torch("torch.celu", "torch.celu_", "torch.nn.functional.celu", "torch.nn.functional.celu_")
def celu(net: Builder, input: Value, alpha: float = 1.0, inplace: bool = False) -> Value:
    """alpha * elu(x / alpha)."""
    if alpha == 1:
        return net.add(ELU(), input)
    scaled = net.add(Power(scale=1 / alpha), input, name="scaled")
    return net.add(Power(scale=float(alpha)), net.add(ELU(), scaled, name="elu"))


@from_ir("Elu", "ELU")
def ir_elu(net: Builder, node: IrOperator, input: Value) -> Value:
    return net.add(ELU(node.number("alpha", 1.0)), input)


@from_onnx("Elu")
def onnx_elu(net: Builder, X: Value, *, alpha: float = 1.0) -> Value:
    return elu(net, X, alpha)


@from_onnx("Selu")
def onnx_selu(
    net: Builder, X: Value, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813
) -> Value:
    y = elu(net, X, alpha)
    return net.add(Power(scale=gamma), y, name="scaled")


@from_onnx("Celu")
def onnx_celu(net: Builder, X: Value, *, alpha: float = 1.0) -> Value:
    return celu(net, X, alpha)

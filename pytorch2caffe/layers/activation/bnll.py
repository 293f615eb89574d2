"""BNLL, which is softplus, and the functions made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.builder import Builder
from ...graph.graph import Operand, Shape, Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import Layer, Source, from_ir, from_torch, layer
from ..elementwise.absval import AbsVal
from ..elementwise.arithmetic import arithmetic
from ..elementwise.power import Power

LEAST_THRESHOLD = 12  # log(1 + exp(-12)) / 12 = 5e-7


@layer("BNLL")
class BNLL(Layer):
    """y = log(1 + exp(x)), computed so that nothing overflows.  Source: BVLC Caffe, bnll_layer.cpp."""

    elementwise = True

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        return Source("nn.Softplus()")

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        return net.op("Softplus", *inputs)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        return Ncnn("BNLL")


@from_torch("torch.nn.functional.softplus", "torch._C._nn.softplus")
def softplus(net: Builder, input: Value, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta x)) / beta; beyond the threshold PyTorch takes x itself: at 20 that differs by 2e-9."""
    if threshold < LEAST_THRESHOLD:
        raise Refused(f"softplus with threshold={threshold:g}, where it jumps", f"use {LEAST_THRESHOLD} or more")
    x = input if beta == 1 else net.add(Power(scale=float(beta)), input, name="scaled")
    y = net.add(BNLL(), x)
    return y if beta == 1 else net.add(Power(scale=1 / beta), y)


@from_torch("torch.nn.functional.logsigmoid", "torch._C._nn.log_sigmoid")
def logsigmoid(net: Builder, input: Value) -> Any:
    """log(sigmoid(x)) = -log(1 + exp(-x))."""
    minus = net.add(Power(scale=-1.0), input, name="minus")
    return net.add(Power(scale=-1.0), net.add(BNLL(), minus, name="softplus"))


@from_torch("torch.logaddexp", "torch.Tensor.logaddexp")
def logaddexp(net: Builder, input: Value, other: Operand) -> Any:
    """log(exp(a) + exp(b)) = max(a, b) + log(1 + exp(-|a - b|)), in the difference -inf as -3e38."""
    low = [arithmetic(net, "max", x, -3e38) for x in (input, other)]
    apart = net.add(AbsVal(), arithmetic(net, "sub", *low), name="apart")
    rest = net.add(BNLL(), net.add(Power(scale=-1.0), apart, name="minus"), name="softplus")
    return arithmetic(net, "add", arithmetic(net, "max", input, other), rest)


@from_ir("Softplus")
def ir_softplus(net: Builder, node: IrOperator, input: Value) -> Any:
    return net.add(BNLL(), input)

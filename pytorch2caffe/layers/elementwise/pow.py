"""Powers: a tensor raised to a number, a number raised to a tensor."""

from __future__ import annotations

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Operand, Term, Value
from ...graph.ir_operator import IrOperator
from ...graph.onnx_rules import from_onnx_alike
from ...graph.registry import from_ir, from_torch
from .exp import Exp
from .power import Power


@from_onnx_alike("Pow")
@from_torch("torch.pow", "torch.Tensor.pow", "torch.Tensor.pow_", "torch.Tensor.__pow__", "torch.Tensor.__ipow__")
def pow(net: Builder, input: Term, exponent: Term) -> Value:
    if not isinstance(input, Value):
        return rpow(net, exponent, input)
    if isinstance(exponent, Value) or np.size(exponent) > 1:
        raise Refused("a power whose exponent is a tensor has no Caffe layer", "use one number as the exponent")
    return net.add(Power(power=float(np.reshape(exponent, ()))), input)


@from_torch("torch.Tensor.__rpow__")
def rpow(net: Builder, exponent: Term, base: np.ndarray | float) -> Value:
    if np.size(base) > 1 or np.min(base) <= 0:
        text = f"{np.size(base)} bases" if np.size(base) > 1 else f"the base {float(np.reshape(base, ())):g}"
        raise Refused(f"a power of {text} has no Caffe layer", "use one positive number as the base")
    return net.add(Exp(float(np.reshape(base, ()))), exponent if isinstance(exponent, Value) else np.asarray(exponent))


@from_ir("Pow")
def ir_pow(net: Builder, node: IrOperator, input: Operand, exponent: Operand) -> Value:
    return pow(net, *node.aligned(input, exponent))

"""What each operator of MXNet computes: one number in, one out; arithmetic; losses as they are at inference.

Layers with weights and windows are in layers.py, shapes in shapes.py. Source: MXNet 1.9, src/operator.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.registry import TORCH
from ...layers.activation.clip import clip
from ...layers.elementwise.power import Power
from .files import Node
from .layers import LAYERS
from .shapes import SHAPES

Operator = Callable[..., Any]

UNARY = {
    name: f"torch.{name}"
    for name in ("abs", "exp", "log", "sqrt", "rsqrt", "square", "sigmoid", "tanh", "erf", "sin", "cos")
}
UNARY |= {"relu": "torch.relu", "negative": "torch.neg", "_np_copy": "torch.clone", "reciprocal": "torch.reciprocal"}
UNARY |= {name: f"torch.{name}" for name in ("floor", "ceil", "sign", "log1p", "expm1")}
BINARY = {
    "torch.add": ("elemwise_add", "_plus", "_Plus", "_add", "_grad_add", "broadcast_add", "broadcast_plus"),
    "torch.sub": ("elemwise_sub", "_minus", "_Minus", "_sub", "broadcast_sub", "broadcast_minus"),
    "torch.mul": ("elemwise_mul", "_mul", "_Mul", "broadcast_mul"),
    "torch.div": ("elemwise_div", "_div", "_Div", "broadcast_div"),
    "torch.maximum": ("_maximum", "_Maximum", "broadcast_maximum"),
    "torch.minimum": ("_minimum", "_Minimum", "broadcast_minimum"),
}
# scale and shift of x, for the scalar s
SCALARS: dict[str, Callable[[float], tuple[float, float]]] = {
    "plus": lambda s: (1.0, s),
    "minus": lambda s: (1.0, -s),
    "rminus": lambda s: (-1.0, s),
    "mul": lambda s: (s, 0.0),
    "div": lambda s: (float(np.float64(1) / s), 0.0),
}
IDENTITY = (
    "Dropout",
    "identity",
    "_copy",
    "BlockGrad",
    "stop_gradient",
    "MakeLoss",
    "make_loss",
    "LinearRegressionOutput",
)
LABELLED = {"SoftmaxOutput", "Softmax", "LinearRegressionOutput", "MAERegressionOutput", "LogisticRegressionOutput"}
LABELLED |= {"SVMOutput"}


def unary(function: str, net: Builder, node: Node, x: Value) -> Any:
    return TORCH[function](net, x)


def binary(function: str, net: Builder, node: Node, a: Any, b: Any) -> Any:
    return TORCH[function](net, a, b)


def with_scalar(kind: str, net: Builder, node: Node, x: Value) -> Any:
    node.read.add("is_int")
    scale, shift = SCALARS[kind](node.number("scalar"))
    return net.add(Power(1.0, scale, shift), x)


def extreme(function: str, net: Builder, node: Node, x: Value) -> Any:
    node.read.add("is_int")
    scalar = node.number("scalar")
    return clip(net, x, *((scalar, None) if function == "maximum" else (None, scalar)))


def power(net: Builder, node: Node, x: Value) -> Any:
    node.read.add("is_int")
    return TORCH["torch.pow"](net, x, node.number("scalar"))


def inverse(net: Builder, node: Node, x: Value) -> Any:
    """scalar / x"""
    node.read.add("is_int")
    return net.add(Power(1.0, node.number("scalar"), 0.0), TORCH["torch.reciprocal"](net, x))


def identity(net: Builder, node: Node, x: Value) -> Any:
    node.read |= {"p", "mode", "axes", "normalization", "valid_thresh"}
    if node.op == "Dropout" and node.text("mode", "training") == "always":
        raise Refused("Dropout with mode=always", "use mode=training")
    return x


def cast(net: Builder, node: Node, x: Value) -> Any:
    kind = node.text("dtype")
    if not kind.startswith("float"):
        raise Refused(f"a cast to {kind}", "compute in float32")
    return x


def clipped(net: Builder, node: Node, x: Value) -> Any:
    return clip(net, x, node.number("a_min"), node.number("a_max"))


def total(net: Builder, node: Node, *inputs: Any) -> Any:
    result = inputs[0]
    for other in inputs[1:]:
        result = TORCH["torch.add"](net, result, other)
    return result


def activation(net: Builder, node: Node, x: Value) -> Any:
    names = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softrelu": "nn.functional.softplus"}
    names |= {
        "softsign": "nn.functional.softsign",
        "log_sigmoid": "nn.functional.logsigmoid",
        "mish": "nn.functional.mish",
    }
    kind = node.text("act_type")
    if kind not in names:
        raise Refused(f"act_type={kind}", f"use {', '.join(names)}")
    return TORCH[f"torch.{names[kind]}"](net, x)


def leaky_relu(net: Builder, node: Node, x: Value, gamma: Any = None) -> Any:
    kind, slope = node.text("act_type", "leaky"), node.number("slope", 0.25)
    low, high = node.number("lower_bound", 0.125), node.number("upper_bound", 0.334)
    functional = "torch.nn.functional"
    if kind == "prelu":
        return TORCH[f"{functional}.prelu"](net, x, gamma)
    if kind == "elu":
        return TORCH[f"{functional}.elu"](net, x, slope)
    if kind in ("selu", "gelu"):
        return TORCH[f"{functional}.{kind}"](net, x)
    if kind not in ("leaky", "rrelu"):
        raise Refused(f"act_type={kind}", "use leaky, prelu, elu, selu, gelu or rrelu")
    return TORCH[f"{functional}.leaky_relu"](net, x, slope if kind == "leaky" else (low + high) / 2)


def hard_sigmoid(net: Builder, node: Node, x: Value) -> Any:
    line = net.add(Power(1.0, node.number("alpha", 0.2), node.number("beta", 0.5)), x, name="line")
    return clip(net, line, 0.0, 1.0)


def softmax(function: str, net: Builder, node: Node, x: Value) -> Any:
    node.read |= {"dtype", "use_length"}
    if node.flag("use_length"):
        raise Refused("softmax of a length", "use the complete axis")
    if node.text("temperature", "None") != "None":
        x = net.add(Power(1.0, 1 / node.number("temperature"), 0.0), x, name="scaled")
    return TORCH[f"torch.{function}"](net, x, node.integer("axis", -1))


def softmax_output(net: Builder, node: Node, x: Value) -> Any:
    """Over the channels with multi_output, the last axis with preserve_shape, or of [N, classes]."""
    node.read |= {"ignore_label", "use_ignore", "normalization", "out_grad", "smooth_alpha"}
    if node.flag("multi_output") or node.text("mode") == "channel":
        return TORCH["torch.softmax"](net, x, 1)
    if node.flag("preserve_shape") or len(x.shape) == 2:
        return TORCH["torch.softmax"](net, x, -1)
    what = f"{node.op} of {len(x.shape)} axes without an axis: MXNet 1.9 takes the last, its documentation all of them"
    raise Refused(what, "set multi_output (or mode=channel) for the channels, or preserve_shape for the last axis")


def logistic(net: Builder, node: Node, x: Value) -> Any:
    return TORCH["torch.sigmoid"](net, x)


OPERATORS: dict[str, Operator] = {
    **{op: partial(unary, function) for op, function in UNARY.items()},
    **{op: partial(binary, function) for function, ops in BINARY.items() for op in ops},
    **{op: partial(with_scalar, kind) for kind in SCALARS for op in (f"_{kind}_scalar", f"_{kind.capitalize()}Scalar")},
    "_RMinusScalar": partial(with_scalar, "rminus"),
    **{f"_{name}_scalar": partial(extreme, name) for name in ("maximum", "minimum")},
    "_power_scalar": power,
    "_PowerScalar": power,
    "_rdiv_scalar": inverse,
    "_RDivScalar": inverse,
    **dict.fromkeys(IDENTITY, identity),
    "MAERegressionOutput": identity,
    "Cast": cast,
    "cast": cast,
    "clip": clipped,
    "add_n": total,
    "ElementWiseSum": total,
    "Activation": activation,
    "LeakyReLU": leaky_relu,
    "hard_sigmoid": hard_sigmoid,
    "softmax": partial(softmax, "softmax"),
    "log_softmax": partial(softmax, "log_softmax"),
    "SoftmaxOutput": softmax_output,
    "Softmax": softmax_output,
    "SoftmaxActivation": softmax_output,
    "LogisticRegressionOutput": logistic,
    **LAYERS,
    **SHAPES,
}

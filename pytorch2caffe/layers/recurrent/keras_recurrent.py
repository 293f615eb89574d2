"""LSTM and GRU of the IR, which are Keras': unrolled step by step, from a state of zeros."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...graph.ir_operator import IrOperator
from ...graph.registry import from_ir
from ..activation.clip import Clip
from ..activation.sigmoid import Sigmoid
from ..activation.tanh import TanH
from ..elementwise.eltwise import Eltwise
from ..elementwise.power import Power
from ..linear.inner_product import InnerProduct
from ..shape.concat import Concat
from ..shape.reshape import reshape_to
from ..shape.slice import slice_at

MOST_STEPS = 512

Gate = Callable[[Builder, Value], Value]
Step = Callable[[Value], Value]  # the next state, from x W + b of one step [N, gates * units]


@from_ir("LSTM")
def ir_lstm(net: Builder, node: IrOperator, input: Value) -> Value:
    """Gates i, f, c, o. Weights: [in, 4 units], [units, 4 units], bias [4 units]. MMdnn's Keras parser stores none."""
    kernel, recurrent, bias = _weights(node, "lstm", 4)
    gate = _gate(node)
    h: Value | None = None
    c: Value | None = None

    def step(driven: Value) -> Value:
        nonlocal h, c
        total = driven if h is None else _sum(net, driven, _dense(net, h, recurrent, None))
        i, f, g, o = slice_at(net, total, 1, [len(recurrent) * k for k in (1, 2, 3)], "gates")
        new = _product(net, gate(net, i), net.add(TanH(), g, name="new"))
        c = new if c is None else _sum(net, _product(net, gate(net, f), c), new)
        h = _product(net, gate(net, o), net.add(TanH(), c, name="squashed"))
        return h

    return _unrolled(net, node, _dense(net, input, kernel, bias), step)


@from_ir("GRU")
def ir_gru(net: Builder, node: IrOperator, input: Value) -> Value:
    """Gates z, r, h. Weights: [in, 3 units], [units, 3 units], bias [3 units].

    Or, where the state is multiplied before it is reset (Keras' reset_after), a bias of [2, 3 units].
    """
    kernel, recurrent, bias = _weights(node, "gru", 3)
    units, gate = len(recurrent), _gate(node)
    inner: np.ndarray | None = None
    if bias is not None and bias.ndim == 2:
        bias, inner = bias
    state: Value | None = None

    def step(driven: Value) -> Value:
        nonlocal state
        h = state
        x_zr, x_h = slice_at(net, driven, 1, [2 * units], "x")
        if h is None and inner is None:
            z, _ = slice_at(net, gate(net, x_zr), 1, [units], "gate")
            state = _product(net, _rest(net, z), net.add(TanH(), x_h, name="new"))
            return state
        if h is None:  # a state of zeros still gives the inner bias
            h = net.add(Power(scale=0.0), x_h, name="zero")
        split = recurrent if inner is not None else recurrent[:, : 2 * units]
        fed = _dense(net, h, split, inner)
        h_zr, *h_h = slice_at(net, fed, 1, [2 * units], "h") if inner is not None else [fed]
        z, r = slice_at(net, gate(net, _sum(net, x_zr, h_zr)), 1, [units], "gate")
        if inner is not None:
            reset = _product(net, r, h_h[0])
        else:
            reset = _dense(net, _product(net, r, h), recurrent[:, 2 * units :], None)
        new = net.add(TanH(), _sum(net, x_h, reset), name="new")
        state = _sum(net, _product(net, z, h), _product(net, _rest(net, z), new))
        return state

    return _unrolled(net, node, _dense(net, input, kernel, bias), step)


def _weights(node: IrOperator, name: str, gates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Kernel, recurrent kernel and bias (None if there is none), checked against `units`."""
    kernel = node.weight(f"{name}_weights", "weights", rank=2)
    recurrent = node.weight(f"{name}_recurrent_weights", "recurrent_weights", rank=2)
    bias = node.weight(f"{name}_bias", "bias") if node.has(f"{name}_bias") or node.has("bias") else None
    width = gates * len(recurrent)
    fits = kernel.shape[1] == recurrent.shape[1] == width and node.integer("units", len(recurrent)) == len(recurrent)
    if not fits or bias is not None and bias.shape not in ((width,), *([(2, width)] if gates == 3 else [])):
        raise Refused(f"{node.op} of {len(recurrent)} units with weights of {kernel.shape[1]} columns")
    return kernel, recurrent, bias


def _gate(node: IrOperator) -> Gate:
    """The activation of the gates; the default of old Keras is a hard sigmoid, that of newer versions a sigmoid."""
    kind = node.text("recurrent_activation")
    if kind == "sigmoid":
        return lambda net, x: net.add(Sigmoid(), x, name="open")
    if kind == "hard_sigmoid":
        return lambda net, x: net.add(Clip(0.0, 1.0), net.add(Power(scale=0.2, shift=0.5), x, name="line"), name="open")
    raise Refused(f"{node.op} with recurrent_activation {kind!r}", "use sigmoid or hard_sigmoid")


def _unrolled(net: Builder, node: IrOperator, driven: Value, step: Step) -> Value:
    """All states, [N, steps, units], if the file gives the output three axes; else the last, [N, units]."""
    n, steps, width = driven.shape
    if steps > MOST_STEPS:
        raise Refused(f"{node.op} over {steps} steps", f"use at most {MOST_STEPS}")
    backwards = node.flag("go_backwards", False)
    pieces = slice_at(net, driven, 1, range(1, steps), "step")
    states = [step(reshape_to(net, piece, (n, width), "row")) for piece in (pieces[::-1] if backwards else pieces)]
    shape = node.output_shape()
    if not node.flag("return_sequences", shape is not None and len(shape) == 3):
        return states[-1]
    rows = [reshape_to(net, state, (n, 1, state.shape[1]), "row") for state in states]
    return net.add(Concat(1), *rows, name="steps") if len(rows) > 1 else rows[0]


def _dense(net: Builder, x: Value, weight: np.ndarray, bias: np.ndarray | None) -> Value:
    blobs = [np.ascontiguousarray(weight.T), *([] if bias is None else [bias])]
    return net.add(InnerProduct(weight.shape[1], bias is not None, len(x.shape) - 1), x, blobs=blobs, name="dense")


def _sum(net: Builder, a: Value, b: Value) -> Value:
    return net.add(Eltwise("SUM"), a, b, name="sum")


def _product(net: Builder, a: Value, b: Value) -> Value:
    return net.add(Eltwise("PROD"), a, b, name="product")


def _rest(net: Builder, x: Value) -> Value:
    return net.add(Power(scale=-1.0, shift=1.0), x, name="rest")

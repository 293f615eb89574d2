"""Activations that a file spells out in arithmetic."""

from __future__ import annotations

from math import pi, sqrt

from ..graph.graph import Graph, Node, Value
from ..graph.registry import Layer
from ..layers.activation.bnll import BNLL
from ..layers.activation.clip import Clip
from ..layers.activation.gelu import EXP, GELU, POWERS
from ..layers.activation.hard_sigmoid import HardSigmoid
from ..layers.activation.hard_swish import HardSwish
from ..layers.activation.mish import Mish
from ..layers.activation.sigmoid import Sigmoid
from ..layers.activation.swish import Swish
from ..layers.activation.tanh import TanH
from ..layers.elementwise.absval import AbsVal
from ..layers.elementwise.eltwise import Eltwise
from ..layers.elementwise.erf import Erf
from ..layers.elementwise.power import Power
from .drop_unused import drop_unused
from .patterns import near, power_of, product_of, replace_node, scaled, written_once

Producers = dict[Value, Node]
TAIL_ADDED = Eltwise("SUM", (0.5, 0.5, -1.0))  # of x, |x| and |x| Phi(-|x|)


def join_activations(graph: Graph) -> None:
    """Makes GELU, SiLU, HardSigmoid, HardSwish and Mish one layer where a file spells them out in simpler ones.

    before: x -> Power(x / sqrt 2) -> Erf -> Power(+ 1) -> a; x * a -> Power(/ 2) -> y
    after:  x -> GELU -> y
    """
    producers = written_once(graph)
    for node in graph.nodes:
        found = None
        if node.layer == Eltwise("PROD") or isinstance(node.layer, Power):
            found = _activation(node, producers)
        elif node.layer == TAIL_ADDED:
            found = _gelu_by_tail(node, producers)
        if found is not None:
            layer, x = found
            replace_node(node, layer, [x])
    drop_unused(graph)


def _activation(node: Node, producers: Producers) -> tuple[Layer, Value] | None:
    """The activation that a node computes, and its input; None if it is none that is known."""
    product = product_of(producers, node.outputs[0])
    if len(product.values) == 1 and _is_ramp(product.values[0], producers) and near(product.scale, 1 / 6):
        return HardSigmoid(), _ramp_input(product.values[0], producers)
    if len(product.values) != 2:
        return None
    for x, gate in (product.values, product.values[::-1]):
        if _is_ramp(gate, producers) and _ramp_input(gate, producers) is x and near(product.scale, 1 / 6):
            return HardSwish(), x
        maker = producers.get(gate)
        if maker is None:
            continue
        if isinstance(maker.layer, HardSigmoid) and maker.inputs[0] is x and product.scale == 1:
            return HardSwish(), x
        if isinstance(maker.layer, Sigmoid) and product.scale == 1:
            beta, inner = scaled(producers, maker.inputs[0])
            if inner is x:
                return Swish(beta), x
            if _is_twice_cubic(maker.inputs[0], x, producers):
                return GELU("tanh"), x
        if isinstance(maker.layer, TanH) and product.scale == 1:
            softplus = producers.get(maker.inputs[0])
            if softplus is not None and isinstance(softplus.layer, BNLL) and softplus.inputs[0] is x:
                return Mish(), x
        approximate = _gelu_gate(gate, x, product.scale, producers)
        if approximate is not None:
            return GELU(approximate), x
    return None


def _is_ramp(value: Value, producers: Producers) -> bool:
    """Whether a value is Clip(x + 3, 0, 6)."""
    node = producers.get(value)
    if node is None or node.layer != Clip(0.0, 6.0):
        return False
    found = power_of(producers, node.inputs[0])
    return found is not None and found[0] == Power(shift=3.0)


def _ramp_input(value: Value, producers: Producers) -> Value:
    return producers[producers[value].inputs[0]].inputs[0]


def _gelu_gate(gate: Value, x: Value, scale: float, producers: Producers) -> str | None:
    """The form of a GELU, "none" or "tanh", if scale * gate is 1/2 (1 + erf(x / sqrt 2)) or its approximation."""
    found = power_of(producers, gate)
    if found is None or found[0].power != 1:
        return None
    line, inner = found
    if not (near(scale * line.scale, 0.5) and near(scale * line.shift, 0.5)):
        return None
    node = producers.get(inner)
    if node is None:
        return None
    factor, source = scaled(producers, node.inputs[0])
    if isinstance(node.layer, Erf):
        return "none" if source is x and near(factor, 1 / sqrt(2)) else None
    if isinstance(node.layer, TanH) and near(factor, sqrt(2 / pi)):
        return "tanh" if _is_cubic(source, x, producers) else None
    return None


def _is_cubic(value: Value, x: Value, producers: Producers) -> bool:
    """Whether a value is x + 0.044715 x^3."""
    node = producers.get(value)
    if node is None or node.layer != Eltwise() or len(node.inputs) != 2:
        return False
    for first, second in (node.inputs, node.inputs[::-1]):
        product = product_of(producers, second)
        powers = 0.0
        for each in product.values:
            found = power_of(producers, each)
            if each is x:
                powers += 1
            elif found is not None and found[1] is x and (found[0].scale, found[0].shift) == (1, 0):
                powers += found[0].power
            else:
                return False
        if first is x and powers == 3 and near(product.scale, 0.044715):
            return True
    return False


def _is_twice_cubic(value: Value, x: Value, producers: Producers) -> bool:
    """Whether a value is 2 sqrt(2 / pi) (x + 0.044715 x^3)."""
    node = producers.get(value)
    if node is None or not isinstance(node.layer, Eltwise) or node.layer.operation != "SUM" or len(node.inputs) != 2:
        return False
    factor, cubic = node.layer.coeff or (1.0, 1.0)
    cube = power_of(producers, node.inputs[1])
    is_cube = cube is not None and cube == (Power(3.0), x)
    return node.inputs[0] is x and is_cube and near(factor, 2 * sqrt(2 / pi)) and near(cubic, 0.044715 * factor)


def _gelu_by_tail(node: Node, producers: Producers) -> tuple[Layer, Value] | None:
    """(x + |x|) / 2 - |x| Phi(-|x|), with Phi as GELU's own lowering approximates it."""
    x, size, tail = node.inputs
    absolute, product = producers.get(size), product_of(producers, tail)
    if absolute is None or not isinstance(absolute.layer, AbsVal) or absolute.inputs[0] is not x:
        return None
    exponents = [producers.get(value) for value in product.values if value is not size]
    if product.scale != 1 or len(product.values) != 2 or len(exponents) != 1:
        return None
    exponent = exponents[0]
    if exponent is None or exponent.layer != EXP:
        return None
    value = exponent.inputs[0]
    for step in reversed(POWERS):
        found = power_of(producers, value)
        if found is None or found[0] != Power(*step):
            return None
        value = found[1]
    return (GELU(), x) if value is size else None

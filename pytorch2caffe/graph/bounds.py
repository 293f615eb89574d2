"""What numbers a value can hold, as far as its layers tell: whether it may be inf or NaN where a mask hides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isnan, prod

import numpy as np

from ..errors import Refused
from .builder import Builder
from .graph import Graph, Node, Value

Bounds = tuple[float, float]
ANY: Bounds = (-inf, inf)
LARGE = 1e38  # with such factors masks are made to inf
MOST_EXPONENT = 88.0  # e^88 is a float32, e^89 is not

# Layers that give numbers of their inputs.
SAME = {"Reshape", "Flatten", "Permute", "Slice", "StridedSlice", "Concat", "Tile", "ShuffleChannel", "PixelShuffle"}
# Layers that make each number of few others, so that inf stays where it is; all others spread it or end it.
LOCAL = SAME | {
    "Parameter",
    "Power",
    "Exp",
    "Log",
    "Eltwise",
    "Binary",
    "Scale",
    "Bias",
    "ReLU",
    "AbsVal",
    "Clip",
    "Threshold",
    "Log1p",
    "Expm1",
}
FIXED = {"Sigmoid": (0.0, 1.0), "Softmax": (0.0, 1.0), "Threshold": (0.0, 1.0), "TanH": (-1.0, 1.0)}


def refuse_hidden(net: Builder, value: Value) -> None:
    """Raises Refused if `value` may be inf or NaN: a mask hides numbers by multiplying with 0, which those survive."""
    makers = net.graph.producers()
    bounds = bounds_of(net.graph)
    found: list[Value] = [value]
    seen: set[Value] = set()
    while found:
        node = makers.get(current := found.pop())
        if node is None or current in seen or node.layer.type not in LOCAL:
            continue
        seen.add(current)
        if not _finite(node, [bounds.get(each, ANY) for each in node.inputs]):
            what = f"a mask over what may be inf or NaN (of {node.layer.type.lower()} at {node.where})"
            raise Refused(what, "keep it finite before the mask: x.clamp(min=1e-6).log(), x.clamp(max=80).exp()")
        found += node.inputs


def _finite(node: Node, inputs: Sequence[Bounds]) -> bool:
    """Whether a layer gives finite numbers for finite ones, short of sums and products beyond 3e38."""
    layer, kind = node.layer, node.layer.type
    if node.blobs and not max(float(np.max(np.abs(blob))) for blob in node.blobs) < LARGE:
        return False
    if not inputs:
        return True
    low, high = inputs[0]
    if kind in ("Exp", "Log"):
        if getattr(layer, "base", -1) != -1 or (layer.scale, layer.shift) != (1, 0):  # type: ignore[attr-defined]
            return False
        return low > 0 if kind == "Log" else high <= MOST_EXPONENT
    if kind in ("Log1p", "Expm1"):
        return low > -1 if kind == "Log1p" else high <= MOST_EXPONENT
    if kind == "Power":
        if not max(abs(layer.scale), abs(layer.shift)) < LARGE:  # type: ignore[attr-defined]
            return False
        low, high = _affine((low, high), layer.scale, layer.shift)  # type: ignore[attr-defined]
        power = layer.power  # type: ignore[attr-defined]
        return (power >= 0 or low > 0 or high < 0) and (power == int(power) or low >= 0)
    if kind == "Binary" and layer.operation == "div":  # type: ignore[attr-defined]
        low, high = inputs[1]
        return low > 0 or high < 0
    return True


def bounds_of(graph: Graph) -> dict[Value, Bounds]:
    """The least and the greatest number that each value can hold, as far as the layers that make it say."""
    makers = graph.producers()
    known: dict[Value, Bounds] = {}
    for node in graph.nodes:
        found = _bounds(node, [known.get(value, ANY) for value in node.inputs], makers)
        known.update(dict.fromkeys(node.outputs, ANY if any(map(isnan, found)) else found))
    return known


def _bounds(node: Node, inputs: Sequence[Bounds], makers: dict[Value, Node]) -> Bounds:
    kind, layer = node.layer.type, node.layer
    if kind in FIXED:
        return FIXED[kind]
    if kind == "Parameter":
        return float(np.min(node.blobs[0])), float(np.max(node.blobs[0]))
    if kind == "Binary" and _less_maximum(node, makers):
        return -inf, 0.0
    if kind in SAME or kind == "Reduce" and layer.operation != "sum":  # type: ignore[attr-defined]
        return min(low for low, _ in inputs), max(high for _, high in inputs)
    if kind == "Reduce":
        return _affine(inputs[0], prod(node.inputs[0].shape[d] for d in layer.dims), 0.0)  # type: ignore[attr-defined]
    rule = RULES.get(kind)
    return rule(layer, *inputs) if rule else ANY


def _less_maximum(node: Node, makers: dict[Value, Node]) -> bool:
    """x - max(x), as a softmax that is written out has it."""
    maker = makers.get(node.inputs[1])
    less = getattr(node.layer, "operation", "") == "sub" and maker is not None and maker.layer.type == "Reduce"
    return less and maker.layer.operation == "max" and maker.inputs[0] is node.inputs[0]  # type: ignore


def _affine(bounds: Bounds, scale: float, shift: float) -> Bounds:
    if not scale:
        return shift, shift
    ends = sorted((bounds[0] * scale, bounds[1] * scale))
    return ends[0] + shift, ends[1] + shift


def _power(layer, x):  # type: ignore[no-untyped-def]
    low, high = _affine(x, layer.scale, layer.shift)
    if layer.power == 1:
        return low, high
    if layer.power % 2 == 0:
        least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        return (0.0, inf) if layer.power < 0 else (_raised(least, layer.power), inf)
    if low < 0:
        return ANY
    ends = sorted((_raised(low, layer.power), _raised(high, layer.power)))
    return ends[0], ends[1]


def _raised(number: float, power: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.power(np.float64(number), power))


def _exp(layer, x):  # type: ignore[no-untyped-def]
    return (0.0, inf) if (layer.base, layer.scale, layer.shift) != (-1, 1, 0) else tuple(_of_e(end) for end in x)


def _of_e(exponent: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.exp(np.float32(exponent)))


def _clip(layer, x):  # type: ignore[no-untyped-def]
    return min(max(layer.min, x[0]), layer.max), max(min(layer.max, x[1]), layer.min)


def _eltwise(layer, *inputs):  # type: ignore[no-untyped-def]
    if layer.operation == "MAX":
        return max(low for low, _ in inputs), max(high for _, high in inputs)
    if layer.operation == "SUM":
        parts = [_affine(x, c, 0.0) for x, c in zip(inputs, layer.coeff or (1.0,) * len(inputs), strict=True)]
        return sum(low for low, _ in parts), sum(high for _, high in parts)
    return _products(inputs)


def _binary(layer, a, b):  # type: ignore[no-untyped-def]
    if layer.operation == "div":
        return (0.0, inf) if a[0] >= 0 and b[0] > 0 else ANY
    if layer.operation == "min":
        return min(a[0], b[0]), min(a[1], b[1])
    if layer.operation == "max":
        return max(a[0], b[0]), max(a[1], b[1])
    if layer.operation == "mul":
        return _products((a, b))
    other = b if layer.operation == "add" else (-b[1], -b[0])
    return a[0] + other[0], a[1] + other[1]


def _products(inputs):  # type: ignore[no-untyped-def]
    if any(low < 0 for low, _ in inputs):
        return ANY
    return prod(low for low, _ in inputs), inf if any(high == inf for _, high in inputs) else prod(h for _, h in inputs)


RULES: dict[str, Callable[..., Bounds]] = {
    "Power": _power,
    "Exp": _exp,
    "Clip": _clip,
    "Eltwise": _eltwise,
    "Binary": _binary,
    "ReLU": lambda layer, x: (max(x[0], 0.0), max(x[1], 0.0)) if not layer.negative_slope else x,
    "AbsVal": lambda _, x: (max(x[0], -x[1], 0.0), max(abs(x[0]), abs(x[1]))),
}

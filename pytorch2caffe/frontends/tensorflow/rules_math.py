"""Arithmetic: of one tensor, of two, and over axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from .convert import Net, rule
from .node import Tensor, TfNode, constant, ir_dims

SAME_NAME = (
    "Relu",
    "Relu6",
    "Elu",
    "Selu",
    "Sigmoid",
    "Tanh",
    "Softplus",
    "Softsign",
    "Exp",
    "Log",
    "Sqrt",
    "Rsqrt",
    "Square",
    "Abs",
    "Neg",
    "Erf",
    "Sin",
    "Cos",
    "Floor",
    "Ceil",
    "Round",
    "Sign",
    "Reciprocal",
    "Log1p",
    "Expm1",
)


@rule(*SAME_NAME, "Inv", "Rint")
def unary(net: Net, node: TfNode, x: Tensor) -> Tensor:
    op = {"Inv": "Reciprocal", "Rint": "Round"}.get(node.op, node.op)
    return net.emit(op, node, [x], x.shape, kind=x.kind)


@rule("Erfc")
def erfc(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return net.emit("Sub", node, [constant(np.array(1.0)), net.emit("Erf", node, [x], x.shape, name="/erf")], x.shape)


@rule("ZerosLike", "OnesLike")
def filled_like(net: Net, node: TfNode, x: Tensor) -> Tensor:
    """x * 0, plus 1 for ones: a constant cannot have an open batch."""
    zeros = net.emit("Mul", node, [x, constant(np.array(0.0))], x.shape, kind=x.kind)
    if node.op == "ZerosLike":
        return zeros
    return net.emit("Add", node, [zeros, constant(np.array(1.0))], x.shape, kind=x.kind)


@rule("LeakyRelu")
def leaky_relu(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return net.emit("LeakyRelu", node, [x], x.shape, alpha=node.number("alpha", 0.2))


@rule("Softmax", "LogSoftmax")
def softmax(net: Net, node: TfNode, x: Tensor) -> Tensor:
    return net.emit(node.op, node, [x], x.shape)


OPS = {"AddV2": "Add", "BiasAdd": "Add", "BiasAddV1": "Add", "Div": "RealDiv"}


@rule("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Minimum", "Maximum", "Pow", "SquaredDifference")
def binary(net: Net, node: TfNode, a: Tensor, b: Tensor) -> Tensor:
    if node.op == "Div" and "i" in (a.kind, b.kind):
        raise Refused("a division of integers", "divide floats")
    if node.op in ("Add", "AddV2") and (found := batch_norm(net, node)) is not None:
        return found
    if node.op == "Maximum" and (found := leaky(net, node, a, b)) is not None:
        return found
    return broadcast(net, node, a, b)


def broadcast(net: Net, node: TfNode, a: Tensor, b: Tensor) -> Tensor:
    """An operator on two tensors, broadcast as numpy does."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    return net.emit(OPS.get(node.op, node.op), node, [a, b], shape, kind=a.kind)


@rule("BiasAdd", "BiasAddV1")
def bias_add(net: Net, node: TfNode, x: Tensor, bias: Tensor) -> Tensor:
    from .plane import channels_first, channels_last, is_nchw

    if not is_nchw(node) or len(x.shape) != 4:
        return broadcast(net, node, x, bias)
    return channels_first(net, node, broadcast(net, node, channels_last(net, node, x), bias))


@rule("AddN", "AccumulateNV2")
def add_n(net: Net, node: TfNode, *inputs: Tensor) -> Tensor:
    if len(inputs) == 1:
        return inputs[0]
    return net.emit("Add", node, inputs, np.broadcast_shapes(*(x.shape for x in inputs)), kind=inputs[0].kind)


def leaky(net: Net, node: TfNode, a: Tensor, b: Tensor) -> Tensor | None:
    """max(alpha * x, x) is leaky ReLU, for an alpha up to 1."""
    for index, x in ((0, b), (1, a)):
        maker = net.body.source(node, index)
        if maker is None or maker.op != "Mul":
            continue
        factors = [net.body.items[name][i] for name, i in maker.inputs]
        alpha = next((f for f in factors if isinstance(f, Tensor) and f.constant and f.shape == ()), None)
        other = next((f for f in factors if isinstance(f, Tensor) and f.edge), None)
        if alpha is not None and other is not None and other.edge == x.edge and 0 <= float(alpha.array()) <= 1:
            return net.emit("LeakyRelu", node, [x], x.shape, alpha=float(alpha.array()))
    return None


REDUCTIONS = {"Mean": "ReduceMean", "Sum": "Sum", "Max": "Max", "Min": "Min", "Prod": "Prod"}


@rule(*REDUCTIONS)
def reduction(net: Net, node: TfNode, x: Tensor, axes: Tensor) -> Tensor:
    rank = len(x.shape)
    over = sorted({axis_of(axis, rank) for axis in axes.integers()})
    if not over:
        return x
    if node.op == "Mean" and x.kind == "i":
        raise Refused("a mean of integers, which is rounded", "cast them to float")
    keep = node.flag("keep_dims")
    shape = [1 if axis in over else size for axis, size in enumerate(x.shape) if keep or axis not in over]
    return net.emit(REDUCTIONS[node.op], node, [x], shape, kind=x.kind, axes=over, keepdims=keep)


@rule("ArgMax", "ArgMin")
def arg_max(net: Net, node: TfNode, x: Tensor, axis: Tensor) -> Tensor:
    along = axis_of(axis.integer(), len(x.shape))
    shape = [size for index, size in enumerate(x.shape) if index != along]
    return net.emit(node.op, node, [x], shape, kind="i", axis=along, size=x.shape[along])


@rule("TopK", "TopKV2")
def top_k(net: Net, node: TfNode, x: Tensor, count: Tensor | None = None) -> list[Tensor]:
    k = count.integer() if count is not None else node.integer("k")
    if not x.shape or not 0 < k <= x.shape[-1]:
        raise Refused(f"the {k} largest of a tensor of shape {list(ir_dims(x.shape))}")
    values, indices = net.emit("TopK", node, [x], (*x.shape[:-1], k), (*x.shape[:-1], k), k=k)
    return [values, replace(indices, kind="i")]


@rule("OneHot")
def one_hot(net: Net, node: TfNode, indices: Tensor, depth: Tensor, on: Tensor, off: Tensor) -> Tensor:
    """A row of a table for each index, which must be below the depth: TensorFlow gives rows of `off` for others."""
    count, rank = depth.integer(), len(indices.shape)
    maker = net.nodes.get(indices.edge)
    if maker is None or maker.op not in ("ArgMax", "ArgMin", "DataInput") or maker.attrs.get("size", 0) > count:
        raise Refused(
            "OneHot of indices that may exceed its depth", "give it an ArgMax over as many numbers, or an input"
        )
    table = np.where(np.eye(count, dtype=bool), on.array(), off.array()).astype(np.float32)
    attrs: dict[str, Any] = {"input_dim": count, "output_dim": count}
    y = net.emit("Embedding", node, [indices], (*indices.shape, count), weights={"weights": table}, **attrs)
    axis = axis_of(node.integer("axis", -1), rank + 1)
    if axis == rank:
        return y
    order = [*range(axis), rank, *range(axis, rank)]
    return net.emit("Transpose", node, [y], [y.shape[i] for i in order], name="/axis", perm=order)


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from 0."""
    if not -rank <= axis < rank:
        raise Refused(f"axis {axis} of a tensor of {rank} axes")
    return axis % rank


def batch_norm(net: Net, node: TfNode) -> Tensor | None:
    """tf.nn.batch_normalization: x * f + (beta - mean * f), f = rsqrt(var + eps) * gamma."""
    for one, other in ((0, 1), (1, 0)):
        scaled, shift = net.body.source(node, one), net.body.source(node, other)
        if scaled is None or shift is None or scaled.op != "Mul" or shift.op not in ("Sub", "Mul", "Neg"):
            continue
        for index in (0, 1):
            found = _parts(net, scaled, index, shift)
            if found is not None:
                return _normalised(net, node, *found)
    return None


def _parts(net: Net, scaled: TfNode, index: int, shift: TfNode) -> tuple[Tensor, dict[str, Tensor]] | None:
    """x and the constants of a batch normalisation, if `scaled` is x times the factor in its input `index`."""
    source = net.body.source
    factor = source(scaled, index)
    parts: dict[str, tuple[TfNode, int]] = {}
    if factor is None:
        return None
    root = factor
    if factor.op == "Mul":
        side = next((i for i in (0, 1) if (s := source(factor, i)) is not None and s.op == "Rsqrt"), None)
        if side is None:
            return None
        maker = source(factor, side)
        assert maker is not None
        root, parts["scale"] = maker, (factor, 1 - side)
    moved = shift
    if shift.op == "Sub":
        parts["bias"] = (shift, 0)
        second = source(shift, 1)
        if second is None:
            return None
        moved = second
    negative = None
    if shift.op == "Neg":
        inner = source(shift, 0)
        if inner is None:
            return None
        moved = inner
    if root.op != "Rsqrt" or moved.op != "Mul":
        return None
    side = next((i for i in (0, 1) if source(moved, i) is factor), None)
    if side is None:
        return None
    parts["mean"] = (moved, 1 - side)
    if shift.op == "Mul":
        negative = source(moved, 1 - side)
        if negative is None or negative.op != "Neg":
            return None
        parts["mean"] = (negative, 0)
    variance = source(root, 0)
    if variance is None or variance.op not in ("Add", "AddV2"):
        return None
    parts["var"], parts["epsilon"] = (variance, 0), (variance, 1)
    found = {key: _item(net, *edge) for key, edge in parts.items()}
    x = _item(net, scaled, 1 - index)
    known = {key: item for key, item in found.items() if isinstance(item, Tensor) and item.constant}
    return (x, known) if isinstance(x, Tensor) and x.edge and len(known) == len(found) else None


def _item(net: Net, node: TfNode, index: int) -> Any:
    name, output = node.inputs[index]
    items = net.body.items.get(name, [])
    return items[output] if output < len(items) else None


def _normalised(net: Net, node: TfNode, x: Tensor, parts: dict[str, Tensor]) -> Tensor | None:
    epsilon = parts.pop("epsilon")
    channels = x.shape[-1:]
    if epsilon.shape != () or any(part.shape != channels for part in parts.values()):
        return None
    attrs: dict[str, Any] = {"epsilon": float(epsilon.array()), "scale": "scale" in parts, "bias": "bias" in parts}
    return net.emit("BatchNorm", node, [x], x.shape, weights=parts, **attrs)

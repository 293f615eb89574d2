"""What a mask of the input selects, x[x < 0] *= 0.1: how many numbers that are is not known, so that all are computed.

What is selected can be computed with number by number, and be written back where the same mask is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from ...layers.elementwise.where import choose
from ...layers.indexing.subscript import DATA_SHAPED
from ...layers.shape.reshape import reshape_to
from .arguments import bind
from .functions import short_name
from .structure import tensors_in
from .values import Values

DATA_DEPENDENT = "an index or mask that depends on the input", DATA_SHAPED
SETITEM = "torch.Tensor.__setitem__"
_SELECT = {"torch.Tensor.__getitem__", "torch.masked_select", "torch.Tensor.masked_select"}
_NUMBER_BY_NUMBER = """
    add sub subtract rsub mul multiply div divide true_divide rdiv neg negative abs absolute exp expm1 log log1p log2
    log10 sqrt rsqrt square pow reciprocal clamp clip clamp_min clamp_max relu relu6 leaky_relu elu selu celu silu gelu
    sigmoid tanh hardtanh hardswish hardsigmoid softplus mish softsign logsigmoid clone contiguous detach
"""
NUMBER_BY_NUMBER = set(_NUMBER_BY_NUMBER.split())


def selects(name: str, args: Any, kwargs: Any, values: Values) -> bool:
    """Whether a call selects by a mask of the input, or reads what was selected."""
    if name in _SELECT and len(args) > 1 and isinstance(args[1], torch.Tensor) and args[1].dtype == torch.bool:
        return values.is_traced(args[1])
    return any(values.selection(tensor) for tensor in tensors_in((args, kwargs)))


class Selected(NamedTuple):
    """What a call on selected numbers gives. mask: what they are selected by; None after they were written back."""

    value: Value
    mask: Value | None


def computed(
    net: Builder, name: str, handler: Callable[..., Any] | None, args: Any, kwargs: Any, values: Values
) -> Selected:
    """The value that such a call gives, with a number also where the mask is 0. Raises Refused for other calls."""
    refusal = Refused(*DATA_DEPENDENT)
    selections = [each for tensor in tensors_in((args, kwargs)) if (each := values.selection(tensor))]
    if not selections and name in _SELECT:
        return _selection(net, values.swap(args[0]), values.swap(args[1]), exact="masked" in name)
    if not selections or not all(_same(net, each.mask, selections[0].mask) for each in selections):
        raise refusal
    value, mask = selections[0]
    if name == SETITEM and isinstance(args[1], torch.Tensor) and values.selection(args[2]):
        target, index = values.swap(args[0]), values.swap(args[1])
        if not isinstance(index, Value) or not _same(net, index, mask) or target.shape != value.shape:
            raise refusal
        return Selected(choose(net, _broadcast(net, index, value), value, target), None)
    others = [t for t in tensors_in((args, kwargs)) if not values.selection(t)]
    rest = len(value.shape) - len(mask.shape)
    if handler is None or short_name(name).strip("_") not in NUMBER_BY_NUMBER or any(t.dim() > rest for t in others):
        raise refusal
    count = len(net.graph.nodes)
    bound = bind(name, handler, net, values.swap(args), values.swap(kwargs))
    result = handler(*bound.args, **bound.kwargs)
    layers = [node.layer for node in net.graph.nodes[count:]]
    if not all(layer.elementwise or layer.keeps_inf for layer in layers) or result.shape != value.shape:
        raise refusal
    return Selected(result, mask)


def _selection(net: Builder, x: Any, mask: Value, exact: bool) -> Selected:
    x = x if isinstance(x, Value) else net.constant(x)
    if x.shape[: len(mask.shape)] != mask.shape or exact and x.shape != mask.shape:
        raise Refused("a mask of another shape", "expand it")
    return Selected(x, mask)


def _broadcast(net: Builder, mask: Value, x: Value) -> Value:
    """The mask with axes of size 1 for those that it does not have."""
    result: Value = reshape_to(net, mask, (*mask.shape, *(1,) * (len(x.shape) - len(mask.shape))), "mask")
    return result


def _same(net: Builder, one: Value, other: Value) -> bool:
    """Whether two values are the same number by number: computed by equal layers from the same values."""
    if one is other:
        return True
    a, b = net.bounds.producer(one), net.bounds.producer(other)
    if a is None or b is None or a.layer != b.layer or len(a.inputs) != len(b.inputs) or len(a.blobs) != len(b.blobs):
        return False
    if len(a.outputs) != 1 or len(b.outputs) != 1:
        return False
    blobs = zip(a.blobs, b.blobs, strict=True)
    inputs = zip(a.inputs, b.inputs, strict=True)
    return all(np.array_equal(x, y) for x, y in blobs) and all(_same(net, x, y) for x, y in inputs)

"""Constants with a row for each sample of an open batch: the initial state of a recurrent layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from .fold import ELEMENTWISE, bounded, fold
from .node import BATCH, DEPENDS_ON_BATCH, Tensor, TfNode, constant

FIX = "fix the batch size: give --inputShape with it"
OF_EACH_SAMPLE = {"StridedSlice", "Split", "SplitV"}


def outputs(net: Any, node: TfNode, tensors: Sequence[Tensor], rules: Mapping[str, Callable[..., Any]]) -> Any:
    """The outputs of a node that makes or reads such a constant, stored for one sample; None for other nodes.

    Raises Refused where samples are not treated equally.
    """
    if node.op == "Fill" and all(x.constant for x in tensors) and BATCH in tensors[0].integers()[:1]:
        sizes = bounded([1, *tensors[0].integers()[1:]])
        return replace(constant(np.full(sizes, tensors[1].array()), node.name), repeated=True)
    if not any(x.repeated for x in tensors):
        return None
    fixed = all(x.constant for x in tensors)
    product = node.op == "MatMul" and tensors[0].repeated and not tensors[1].repeated and not node.flag("transpose_a")
    if fixed and (node.op in ELEMENTWISE or node.op in OF_EACH_SAMPLE or product):
        arrays = fold(node, [x.array() for x in tensors])
        if all(array.ndim > 1 and len(array) == 1 for array in arrays):
            return [replace(constant(array, node.name), repeated=True) for array in arrays]
    elif node.op in ("Concat", "ConcatV2") and (found := _padded(net, node, tensors)) is not None:
        return found
    elif node.op in ELEMENTWISE:
        found = rules[node.op](net, node, *tensors)
        if found.shape[0] >= DEPENDS_ON_BATCH:
            return found
    raise Refused(f"{node.op} of a constant as large as the batch", FIX)


def _padded(net: Any, node: TfNode, tensors: Sequence[Tensor]) -> Tensor | None:
    """A concatenation of data and constants that consist of one number: a padding. None for others."""
    *joined, last = tensors if node.op == "ConcatV2" else (*tensors[1:], tensors[0])
    data = [x for x in joined if not x.constant]
    numbers = {number for x in joined if x.constant for number in x.array().reshape(-1).tolist()}
    axis = last.integer() % len(joined[0].shape)
    if len(data) != 1 or len(numbers) != 1 or axis == 0 or any(not x.repeated for x in joined if x.constant):
        return None
    (x,), at = data, joined.index(data[0])
    of_others = {(*part.shape[1:axis], *part.shape[axis + 1 :]) for part in joined}
    if x.shape[0] != BATCH or len(of_others) != 1:
        return None
    pads, rank = [0] * (2 * len(x.shape)), len(x.shape)
    pads[axis], pads[rank + axis] = (sum(p.shape[axis] for p in some) for some in (joined[:at], joined[at + 1 :]))
    shape = [*x.shape[:axis], sum(part.shape[axis] for part in joined), *x.shape[axis + 1 :]]
    attrs: dict[str, Any] = {"pads": pads, "mode": "constant", "constant_values": numbers.pop()}
    return net.emit("Pad", node, [x], shape, kind=x.kind, **attrs)  # type: ignore[no-any-return]

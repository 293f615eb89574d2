"""What a registered function returned, compared with what the torch function returned."""

from __future__ import annotations

from typing import Any

import torch

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.graph import Value
from .casts import overflow_of
from .functions import ADD_HANDLER
from .structure import as_list, has_type


def refuse_results(net: Builder, name: str, args: Any, targets: list[Any], output: Any, keeps_masks: bool) -> None:
    """Raises Refused for results of other shapes than the call's, and for integers that may overflow."""
    values = as_list(output)
    if len(values) != len(targets):
        what = f"{name} returned {len(targets)} tensors, its registered function {len(values)} values"
        raise Refused(what, ADD_HANDLER)
    for tensor, value in zip(targets, values, strict=True):
        if not isinstance(value, Value):
            continue
        if tuple(tensor.shape) != value.shape:
            what = f"{name} returned shape {list(tensor.shape)}, its layers {list(value.shape)}"
            raise Refused(what, ADD_HANDLER)
        if tensor.is_floating_point() or keeps_masks and tensor.dtype == torch.bool:
            continue
        if tensor.dtype == torch.int64 or tensor.dtype == torch.bool and not has_type(args, torch.bool):
            continue
        overflow = overflow_of(net, value, tensor.dtype, name)
        if overflow and any(value in node.outputs and not node.layer.moves_data for node in net.graph.nodes):
            raise Refused(*overflow)

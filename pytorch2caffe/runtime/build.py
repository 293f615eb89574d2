"""One layer: something to call, made of the source that it prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from ..errors import Refused
from ..graph.graph import Node, Shape
from ..graph.registry import Layer, Source

NAMESPACE: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}


def build(source: Source, device: str = "cpu") -> Callable[..., Any]:
    """The layer as something to call with its input tensors. On device "meta" its weights have shapes only."""
    tensors = {name: tensor_of(array, device) for name, array in source.state.items()}
    if not source.module:
        return _function(source, tensors)
    with torch.device("meta"):
        module = eval(source.module, dict(NAMESPACE)).eval()
    module.load_state_dict({**counters(module, device), **tensors}, assign=True)
    module.requires_grad_(False)
    return _function(source, {"module": module}) if source.expr else module


def _function(source: Source, names: dict[str, Any]) -> Callable[..., Any]:
    """The expression as a function of the inputs {0}, {1} ...; `names` are what else it names."""
    inputs = [f"x{index}" for index in range(arity(source) or 0)]
    text = source.expr.format(*inputs, **{name: name for name in names})
    arguments = ", ".join([*inputs, "*_", *names])
    space = dict(NAMESPACE)
    exec(source.define, space)
    function = eval(f"lambda {arguments}: {text}", space)
    return lambda *inputs: function(*inputs, **names)


def arity(source: Source) -> int | None:
    """How many inputs a source reads; None for one that depends on nothing but their shapes, or on nothing."""
    if not source.expr:
        return 1
    numbers = {int(number) for number in re.findall(r"\{(\d+)\}", source.expr)}
    return max(numbers) + 1 if numbers else None


def tensor_of(array: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """The array as a tensor: the same memory where it is writable, no more than one number where all are one."""
    if device == "meta":
        return torch.empty(array.shape, dtype=torch.float32, device="meta")
    if array.size > 1 and not any(array.strides):
        return torch.tensor(array.flat[0]).expand(array.shape)
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def counters(module: nn.Module, device: str) -> dict[str, torch.Tensor]:
    """What a module's state_dict holds beside the weights: BatchNorm's count of batches."""
    return {
        name: torch.zeros((), dtype=torch.long, device=device)
        for name in module.state_dict()
        if name.endswith("num_batches_tracked")
    }


def infer(layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[Shape]:
    """The output shapes of a layer: it is run on tensors without data. Raises Refused with PyTorch's words."""
    return _infer(layer, tuple(map(tuple, shapes)), tuple(blob.shape for blob in blobs))


@lru_cache(maxsize=4096)
def _infer(layer: Layer, shapes: tuple[Shape, ...], blob_shapes: tuple[Shape, ...]) -> list[Shape]:
    blobs = [np.broadcast_to(np.float32(1), shape) for shape in blob_shapes]
    known = layer.output_shapes(shapes)
    if known is not None:
        layer.to_torch(shapes, blobs)  # refuses what it cannot do
        return known
    try:
        inputs = [torch.empty(shape, device="meta") for shape in shapes]
        result = build(layer.to_torch(shapes, blobs), "meta")(*inputs)
    except (RuntimeError, ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError) as error:
        reason = str(error).split("\n")[0]
        raise Refused(f"{layer.type} cannot take inputs of shape {list(map(list, shapes))}: {reason}") from error
    results = result if isinstance(result, (tuple, list)) else [result]
    return [tuple(r.shape) for r in results]


def source_of(node: Node) -> Source:
    """The PyTorch form of a node."""
    return node.layer.to_torch([value.shape for value in node.inputs], node.blobs)

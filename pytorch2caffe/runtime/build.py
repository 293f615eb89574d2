"""Builds a callable from the PyTorch source of a layer, and infers shapes by running it on the meta device."""

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


def build(source: Source, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Callable[..., Any]:
    """The layer as a callable of its input tensors, with its weights on `device`; on "meta" they have only shapes.

    dtype: the type of the inputs, which weights of type float32 are converted to.
    """
    tensors = {name: to_tensor(array, device) for name, array in source.state.items()}
    if dtype != torch.float32:
        tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}
    if not source.module:
        return _function(source, tensors)
    with torch.device("meta"):
        module = eval(source.module, dict(NAMESPACE)).eval()
    module.load_state_dict({**batch_counters(module, device), **tensors}, assign=True)
    module.requires_grad_(False)
    return _function(source, {"module": module}) if source.expr else module


def _function(source: Source, names: dict[str, Any]) -> Callable[..., Any]:
    """The expression as a function of the inputs {0}, {1} ...; `names` are the other names in it."""
    inputs = [f"x{index}" for index in range(arity(source) or 0)]
    text = source.expr.format(*inputs, **{name: name for name in names})
    arguments = ", ".join([*inputs, "*_", *names])
    namespace = dict(NAMESPACE)
    exec(source.define, namespace)
    function = eval(f"lambda {arguments}: {text}", namespace)
    return lambda *inputs: function(*inputs, **names)


def arity(source: Source) -> int | None:
    """The number of inputs that a source reads; None if it reads none, only their shapes or nothing."""
    if not source.expr:
        return 1
    numbers = {int(number) for number in re.findall(r"\{(\d+)\}", source.expr)}
    return max(numbers) + 1 if numbers else None


def to_tensor(array: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """The array as a tensor. It shares the memory of a writable array; one broadcast number stays broadcast."""
    if device == "meta":
        return torch.empty(array.shape, dtype=torch.float32, device="meta")
    if array.size > 1 and not any(array.strides):
        return torch.tensor(array.flat[0]).expand(array.shape)
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def batch_counters(module: nn.Module, device: str) -> dict[str, torch.Tensor]:
    """The entries of a module's state_dict that are not weights: BatchNorm's num_batches_tracked."""
    return {
        name: torch.zeros((), dtype=torch.long, device=device)
        for name in module.state_dict()
        if name.endswith("num_batches_tracked")
    }


def infer(layer: Layer, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> list[Shape]:
    """The output shapes of a layer, found by running it on the meta device.

    shapes, blobs: the shapes of its inputs, and its weights.

    Raises Refused with PyTorch's message if the layer does not accept these inputs.
    """
    return _infer(layer, tuple(map(tuple, shapes)), tuple(blob.shape for blob in blobs))


@lru_cache(maxsize=4096)
def _infer(layer: Layer, shapes: tuple[Shape, ...], blob_shapes: tuple[Shape, ...]) -> list[Shape]:
    blobs = [np.broadcast_to(np.float32(1), shape) for shape in blob_shapes]
    known = layer.output_shapes(shapes)
    if known is not None:
        layer.to_torch(shapes, blobs)  # raises Refused where it must
        return known
    try:
        inputs = [torch.empty(shape, device="meta") for shape in shapes]
        result = build(layer.to_torch(shapes, blobs), "meta")(*inputs)
    except (RuntimeError, ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError) as error:
        reason = str(error).split("\n")[0]
        raise Refused(f"{layer.type} does not accept inputs of shape {list(map(list, shapes))}: {reason}") from error
    results = result if isinstance(result, (tuple, list)) else [result]
    return [tuple(r.shape) for r in results]


def source_of(node: Node) -> Source:
    """The PyTorch source of a node."""
    return node.layer.to_torch([value.shape for value in node.inputs], node.blobs)

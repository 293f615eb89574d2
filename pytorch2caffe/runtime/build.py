"""Builds a callable from the PyTorch source of a layer, and runs it on the meta device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from ..graph.graph import Shape
from ..graph.registry import Source
from .source import argument_names

NAMESPACE: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}


def build(source: Source, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Callable[..., Any]:
    """The layer as a callable of its input tensors, with its weights on `device`; on "meta" they have only shapes.

    dtype: the type of the inputs, which weights of type float32 are converted to.
    """
    tensors = {name: to_tensor(array, device) for name, array in source.state.items()}
    if dtype != torch.float32:
        tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}
    if not source.module:
        return as_function(source, tensors)
    with torch.device("meta"):
        module = eval(source.module, dict(NAMESPACE)).eval()
    module.load_state_dict({**batch_counters(module, device), **tensors}, assign=True)
    module.requires_grad_(False)
    return as_function(source, {"module": module}) if source.expr else module


def as_function(source: Source, names: dict[str, Any]) -> Callable[..., Any]:
    """The expression as a function of the inputs {0}, {1} ...; `names` are the other names in it."""
    inputs = argument_names(source)
    text = source.expr.format(*inputs, **{name: name for name in names})
    arguments = ", ".join([*inputs, "*_", *names])
    namespace = dict(NAMESPACE)
    exec(source.define, namespace)
    function = eval(f"lambda {arguments}: {text}", namespace)
    return lambda *inputs: function(*inputs, **names)


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


def shapes_on_meta(source: Source, shapes: Sequence[Shape]) -> list[Shape]:
    """The output shapes of `source` for inputs of these shapes; raises what PyTorch raises."""
    result = build(source, "meta")(*(torch.empty(shape, device="meta") for shape in shapes))
    results = result if isinstance(result, (tuple, list)) else [result]
    return [tuple(each.shape) for each in results]

"""PyTorch to Graph: runs a model once and records every torch function. The only files that hook into torch.

Two scopes, nothing patched. A TorchFunctionMode (tracer.py) sees every torch function under its public name; calls on
traced tensors go to the function registered for them. Below it a TorchDispatchMode (taint.py) sees every operation that
is executed, scripted code and custom operators included: it follows which memory depends on the input and counts the
writes into it, so that a tensor that was computed without being traced is noticed when it is used. Memory (memory.py)
knows what was written into which part of a storage: a tensor that was overwritten through a view is put together from
that when it is read. Start with recording.py, `record`.

enters: a model and example inputs. leaves: a Graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...graph.graph import Graph


def trace(model: Callable[..., Any], inputs: Any, name: str | None = None, *, naming: str = "modules") -> Graph:
    """Runs `model` once on `inputs` and returns what it computed as a Graph.

    model:  an nn.Module, or any function of tensors. It runs in eval mode, in float32 on the CPU, without gradients,
            and is left as it was: training flags, weights, dtype and device.
    inputs: a tensor, a tuple of them (other entries are passed unchanged), or a dict of keyword arguments. The
            network's inputs are named after the dict's keys, the parameters of `forward`, or "data" if there is one.
    name:   the network's name; by default the model's class.
    naming: "modules" gives layers the names of the modules (`layer1.0.conv1`); "legacy" gives conv1, conv_blob1 ...,
            compatible with PytorchToCaffe.

    The shapes of `inputs` are the network's shapes. Tensors that do not depend on the inputs become constants.
    Raises UnsupportedError listing every call that cannot be converted, with its module and line; an exception of the
    model itself is passed on, with a note of its source location.

    >>> import torch
    >>> from torch import nn
    >>> graph = trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), torch.zeros(1, 3, 8, 8))
    >>> [(node.name, node.layer.type) for node in graph.nodes]
    [('0', 'Convolution'), ('1', 'ReLU')]
    """
    from .recording import record  # imports torch

    return record(model, inputs, name, naming=naming)[0]

"""Runs a network over batches of images and shows its values to whoever wants to see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as Collection
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import ConversionError, Refused
from ..graph.graph import Graph, Node, Value
from ..layers.activation.relu import ReLU
from ..layers.convolution.convolution import Convolution
from ..layers.linear.inner_product import InnerProduct
from ..runtime.build import build, infer, source_of

Watch = Callable[[Value, torch.Tensor], None]


class Forward:
    """A network ready to run on a device, `batch` images at a time.

    batch: the most images at a time; fewer where the network's layers do not allow as many.

    Raises ConversionError for a network that cannot run one image at a time, nor `batch`.
    """

    def __init__(self, graph: Graph, batch: int = 4, device: str = "cpu") -> None:
        self.device = _device(device)
        self.graph, self.batch = _runnable(graph, batch)
        with torch.no_grad():
            self.calls = [(node, self._call(node)) for node in self.graph.nodes]
        made = (node for node in self.graph.nodes if isinstance(node.layer, (Convolution, InnerProduct)))
        self._fresh = {value for node in made for value in node.outputs}
        self._last = {value: index for index, node in enumerate(self.graph.nodes) for value in node.inputs}

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        watch: Watch | None = None,
        replace: Mapping[str, Callable[..., Any]] | None = None,
        until: Collection[Value] | None = None,
        spend: bool = False,
    ) -> dict[str, torch.Tensor]:
        """The network's outputs for a batch, by name.

        inputs:  arrays by the name of the graph's inputs, float32, with the same number of images, at most `batch`.
        watch:   is shown every value as it is made, on the device; what it keeps it must copy.
        replace: what to run in place of a layer, by the layer's name.
        until:   stop when these values have been made.
        spend:   a ReLU may overwrite what nobody reads after it; `watch` must then not keep what it was shown.
        """
        values: dict[Value, torch.Tensor] = {}
        outputs: dict[str, torch.Tensor] = {}
        wanted = {value: name for name, value in self.graph.outputs.items()}
        nodes = [index for index, (node, _) in enumerate(self.calls) if until and not until.isdisjoint(node.outputs)]
        stop = len(self.calls) if until is None else max(nodes, default=-1) + 1

        def made(value: Value, tensor: torch.Tensor) -> None:
            values[value] = tensor
            if watch is not None:
                watch(value, tensor)
            if value in wanted:
                outputs[wanted[value]] = tensor.clone()

        with exact():
            for value in self.graph.inputs:
                array = np.require(inputs[value.name], np.float32, ["C", "W"])
                made(value, _fast(torch.from_numpy(array).to(self.device)))
            for index, (node, call) in enumerate(self.calls[:stop]):
                if replace and node.name in replace:
                    call = replace[node.name]
                elif spend and self._may_overwrite(node, index):
                    call = torch.relu_
                for value, tensor in zip(node.outputs, results_of(call, node, values), strict=True):
                    made(value, tensor)
                for value in {*node.inputs, *node.outputs}:
                    if self._last.get(value, index) == index:
                        del values[value]
        return outputs

    def _call(self, node: Node) -> Callable[..., Any]:
        """A layer; one that is no module may make tensors of its own, on this device."""
        call = _fast(build(source_of(node), str(self.device)))
        if isinstance(call, nn.Module):
            return call

        def run(*inputs: torch.Tensor) -> Any:
            with self.device:
                return call(*inputs)

        return run

    def _may_overwrite(self, node: Node, index: int) -> bool:
        """Whether a node is a ReLU, the only reader of memory that a convolution has made for it alone."""
        if not isinstance(node.layer, ReLU) or node.layer.negative_slope:
            return False
        (value,) = node.inputs
        return value in self._fresh and self._last[value] == index and value not in self.graph.outputs.values()


@contextmanager
def exact() -> Iterator[None]:
    """Without gradients, and in whole float32: a GPU would round to 10 bits."""
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def _device(name: str) -> torch.device:
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or index and not index.isdecimal() or name == f"{kind}:":
        raise ConversionError(f"device {name!r} is none\n  fix: cpu, cuda, or cuda:1 for the second GPU")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind == "cuda" and not (count and torch.cuda.is_available()):
        raise ConversionError(f"device {name}: PyTorch finds no GPU here\n  fix: --device cpu")
    if int(index or 0) >= count:
        raise ConversionError(f"device {name}: the last is {kind}:{count - 1}")
    return torch.device(name)


def _fast(thing: Any) -> Any:
    """With the channels of a pixel side by side in memory: twice as fast on a CPU, the same numbers."""
    tensors = thing.parameters() if isinstance(thing, nn.Module) else [thing]
    images = isinstance(thing, (nn.Module, torch.Tensor)) and any(t.ndim == 4 for t in tensors)
    return thing.to(memory_format=torch.channels_last) if images else thing


def _runnable(graph: Graph, batch: int) -> tuple[Graph, int]:
    for size in (batch, 1):
        if (found := rebatched(graph, size)) is not None:
            return found, size
    raise ConversionError(f"{graph.name}: its layers do not run on one image; write the prototxt for batch 1")


def results_of(call: Callable[..., Any], node: Node, values: Mapping[Value, torch.Tensor]) -> Sequence[torch.Tensor]:
    """What a layer gives for the values it reads, one per output."""
    result = call(*(values[value] for value in node.inputs))
    results = result if isinstance(result, (tuple, list)) else [result]
    return list(results) * len(node.outputs) if node.layer.type == "Split" else results


def rebatched(graph: Graph, size: int) -> Graph | None:
    """The graph with `size` images in every value that has its number of images, or None if a layer forbids that."""
    values: dict[Value, Value] = {}
    inputs = [_new(values, value, (size, *value.shape[1:])) for value in graph.inputs]
    nodes = []
    for node in graph.nodes:
        try:
            shapes = infer(node.layer, [values[value].shape for value in node.inputs], node.blobs)
        except Refused:
            return None
        if node.layer.type == "Split":
            shapes = shapes * len(node.outputs)
        constant = all(values[value].shape == value.shape for value in node.inputs)  # as made of Constants alone
        for value, shape in zip(node.outputs, shapes, strict=True):
            if shape != (value.shape if constant else _with_batch(graph, value, size)):
                return None
            _new(values, value, shape)
        reads, writes = [values[v] for v in node.inputs], [values[v] for v in node.outputs]
        nodes.append(Node(node.name, node.layer, reads, writes, node.blobs, node.module, node.line))
    return Graph(graph.name, inputs, {key: values[value] for key, value in graph.outputs.items()}, nodes)


def _new(values: dict[Value, Value], value: Value, shape: Sequence[int]) -> Value:
    values[value] = Value(value.name, tuple(shape), value.top)
    return values[value]


def _with_batch(graph: Graph, value: Value, size: int) -> tuple[int, ...]:
    """A value's shape with another number of images."""
    before = graph.inputs[0].shape[0]
    if before == size or not value.shape or value.shape[0] != before:
        return value.shape
    return (size, *value.shape[1:])

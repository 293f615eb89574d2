"""Runs a network on batches of images and passes each intermediate value to a callback."""

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
from ..layers.basic.split import Split
from ..layers.convolution.convolution import Convolution
from ..layers.linear.inner_product import InnerProduct
from ..runtime.build import build
from ..runtime.infer import infer
from ..runtime.source import source_of

Watch = Callable[[Value, torch.Tensor], None]


class Forward:
    """A network ready to run on a device, `batch` images at a time.

    batch: images per batch; 1 if the network's layers do not support that many.

    Raises ConversionError if the network runs neither with `batch` images nor with one, or if there is no such device.
    """

    def __init__(self, graph: Graph, batch: int = 4, device: str = "cpu") -> None:
        self.device = _device(device)
        self.graph, self.batch = with_largest_batch(graph, batch)
        with torch.no_grad():
            self.calls = [(node, self._call(node)) for node in self.graph.nodes]
        weighted = (node for node in self.graph.nodes if isinstance(node.layer, (Convolution, InnerProduct)))
        self._conv_outputs = {value for node in weighted for value in node.outputs}
        self._last_reader = {value: index for index, node in enumerate(self.graph.nodes) for value in node.inputs}

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        watch: Watch | None = None,
        replace: Mapping[str, Callable[..., Any]] | None = None,
        until: Collection[Value] | None = None,
        reuse_memory: bool = False,
    ) -> dict[str, torch.Tensor]:
        """The network's outputs for a batch, by name.

        inputs:  arrays by the name of the graph's inputs, float32, with the same number of images, at most `batch`.
        watch:   called as watch(value, tensor) with every value, on the device, when it is computed.
        replace: callables to run in place of layers, by the layer's name.
        until:   stop when these values are computed.
        reuse_memory: a ReLU may overwrite its input; then `watch` must copy the tensors that it keeps.
        """
        values: dict[Value, torch.Tensor] = {}
        outputs: dict[str, torch.Tensor] = {}
        wanted = {value: name for name, value in self.graph.outputs.items()}
        nodes = [index for index, (node, _) in enumerate(self.calls) if until and not until.isdisjoint(node.outputs)]
        stop = len(self.calls) if until is None else max(nodes, default=-1) + 1

        def record(value: Value, tensor: torch.Tensor) -> None:
            values[value] = tensor
            if watch is not None:
                watch(value, tensor)
            if value in wanted:
                outputs[wanted[value]] = tensor.clone()

        with exact_float32():
            for value in self.graph.inputs:
                array = np.require(inputs[value.name], np.float32, ["C", "W"])
                record(value, _channels_last(torch.from_numpy(array).to(self.device)))
            for index, (node, call) in enumerate(self.calls[:stop]):
                if replace and node.name in replace:
                    call = replace[node.name]
                elif reuse_memory and self._may_overwrite(node, index):
                    call = torch.relu_
                for value, tensor in zip(node.outputs, call_layer(call, node, values), strict=True):
                    record(value, tensor)
                for value in {*node.inputs, *node.outputs}:
                    if self._last_reader.get(value, index) == index:
                        del values[value]
        return outputs

    def _call(self, node: Node) -> Callable[..., Any]:
        """The layer as a callable. One that is not a module may create tensors, which must be on this device."""
        call = _channels_last(build(source_of(node), str(self.device)))
        if isinstance(call, nn.Module):
            return call

        def run(*inputs: torch.Tensor) -> Any:
            with self.device:
                return call(*inputs)

        return run

    def _may_overwrite(self, node: Node, index: int) -> bool:
        """Whether the node is a ReLU and nothing else reads its input, which is the output of a convolution."""
        if not isinstance(node.layer, ReLU) or node.layer.negative_slope:
            return False
        (value,) = node.inputs
        return (
            value in self._conv_outputs
            and self._last_reader[value] == index
            and value not in self.graph.outputs.values()
        )


@contextmanager
def exact_float32() -> Iterator[None]:
    """Without gradients and without TF32, which rounds to 10 bits of mantissa on a GPU."""
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def _device(name: str) -> torch.device:
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or index and not index.isdecimal() or name == f"{kind}:":
        raise ConversionError(f"there is no device {name!r}\n  fix: use cpu, cuda, or cuda:1 for the second GPU")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind == "cuda" and not (count and torch.cuda.is_available()):
        raise ConversionError(f"device {name}: PyTorch finds no GPU\n  fix: use --device cpu")
    if int(index or 0) >= count:
        raise ConversionError(f"there is no device {name}\n  fix: use {kind}:{count - 1}, the last one")
    return torch.device(name)


def _channels_last(item: Any) -> Any:
    """A tensor or module in the channels_last memory format: twice as fast on a CPU, the same numbers."""
    tensors = item.parameters() if isinstance(item, nn.Module) else [item]
    has_images = isinstance(item, (nn.Module, torch.Tensor)) and any(t.ndim == 4 for t in tensors)
    return item.to(memory_format=torch.channels_last) if has_images else item


def with_largest_batch(graph: Graph, batch: int) -> tuple[Graph, int]:
    for size in (batch, 1):
        if (batched := with_batch_size(graph, size)) is not None:
            return batched, size
    raise ConversionError(
        f"{graph.name}: the layers do not run on one image; change the batch size in the prototxt to 1"
    )


def call_layer(call: Callable[..., Any], node: Node, values: Mapping[Value, torch.Tensor]) -> Sequence[torch.Tensor]:
    """Calls a layer with the values it reads. Returns one tensor per output of the node."""
    result = call(*(values[value] for value in node.inputs))
    results = result if isinstance(result, (tuple, list)) else [result]
    return list(results) * len(node.outputs) if isinstance(node.layer, Split) else results


def with_batch_size(graph: Graph, size: int) -> Graph | None:
    """The graph with `size` images in every value with a batch axis, or None if a layer does not support that."""
    values: dict[Value, Value] = {}
    inputs = [_map_value(values, value, (size, *value.shape[1:])) for value in graph.inputs]
    nodes = []
    for node in graph.nodes:
        try:
            shapes = infer(node.layer, [values[value].shape for value in node.inputs], node.blobs)
        except Refused:
            return None
        if isinstance(node.layer, Split):
            shapes = shapes * len(node.outputs)
        constant = all(values[value].shape == value.shape for value in node.inputs)  # computed from Constants alone
        for value, shape in zip(node.outputs, shapes, strict=True):
            if shape != (value.shape if constant else _batched_shape(graph, value, size)):
                return None
            _map_value(values, value, shape)
        reads, writes = [values[v] for v in node.inputs], [values[v] for v in node.outputs]
        nodes.append(Node(node.name, node.layer, reads, writes, node.blobs, node.module, node.line))
    return Graph(graph.name, inputs, {key: values[value] for key, value in graph.outputs.items()}, nodes)


def _map_value(values: dict[Value, Value], value: Value, shape: Sequence[int]) -> Value:
    values[value] = Value(value.name, tuple(shape), value.top)
    return values[value]


def _batched_shape(graph: Graph, value: Value, size: int) -> tuple[int, ...]:
    """A value's shape with another batch size."""
    before = graph.inputs[0].shape[0]
    if before == size or not value.shape or value.shape[0] != before:
        return value.shape
    return (size, *value.shape[1:])

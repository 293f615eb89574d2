"""Graph to PyTorch: readable source with a state_dict, and running that same source."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from .errors import ConversionError, Problem, Refused, UnsupportedError
from .graph import Graph, Names, Node, Shape, Value
from .registry import Layer, Source

NAMESPACE: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
HEADER = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
RESERVED = {*keyword.kwlist, *NAMESPACE, "self", "forward", *dir(nn.Module())}


# ---- one layer ----------------------------------------------------------------------------------------------------


def build(source: Source, device: str = "cpu") -> Callable[..., Any]:
    """The layer as something to call with its input tensors. On device "meta" its weights have shapes only."""
    tensors = {name: _tensor(array, device) for name, array in source.state.items()}
    if source.module:
        with torch.device("meta"):
            module = eval(source.module, dict(NAMESPACE)).eval()
        module.load_state_dict({**_counters(module, device), **tensors}, assign=True)
        return module.requires_grad_(False)
    names = list(tensors)
    arity = 1 + max((int(n) for n in re.findall(r"\{(\d+)\}", source.expr)), default=-1)
    text = source.expr.format(*(f"x{i}" for i in range(arity)), **{name: name for name in names})
    arguments = ", ".join([*(f"x{i}" for i in range(arity)), "*_", *names])
    space = dict(NAMESPACE)
    exec(source.define, space)
    function = eval(f"lambda {arguments}: {text}", space)
    return lambda *inputs: function(*inputs, **tensors)


def _tensor(array: np.ndarray, device: str) -> torch.Tensor:
    if device == "meta":
        return torch.empty(array.shape, dtype=torch.float32, device="meta")
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _counters(module: nn.Module, device: str) -> dict[str, torch.Tensor]:
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
    inputs = [torch.empty(shape, device="meta") for shape in shapes]
    try:
        result = build(layer.to_torch(shapes, blobs), "meta")(*inputs)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).split("\n")[0]
        raise Refused(f"{layer.type} cannot take inputs of shape {list(map(list, shapes))}: {reason}") from error
    results = result if isinstance(result, (tuple, list)) else [result]
    return [tuple(r.shape) for r in results]


# ---- a whole graph ------------------------------------------------------------------------------------------------


def run(
    graph: Graph, inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """Runs a graph layer by layer, each by the source it prints.

    inputs: arrays by the name of the graph's inputs, float32, of any batch size that the layers allow.
    wanted: the values of interest, by name; all of them unless given.

    Returns the values by (layer name, top name), in the order of the layers. Raises ConversionError if an input
    is missing.
    """
    values: dict[Value, torch.Tensor] = {}
    for value in graph.inputs:
        if value.name not in inputs:
            raise ConversionError(f"input {value.name!r} is missing; given: {', '.join(inputs) or 'none'}")
        values[value] = torch.from_numpy(np.require(inputs[value.name], np.float32, "C"))
    found: dict[tuple[str, str], np.ndarray] = {}
    last_use = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    with torch.no_grad():
        for index, (node, call) in enumerate(_calls(graph)):
            result = call(*(values[value] for value in node.inputs))
            results = result if isinstance(result, (tuple, list)) else [result]
            for value, tensor in zip(node.outputs, results, strict=True):
                values[value] = tensor
                top = value.top or value.name
                if wanted is None or top in wanted:
                    found[node.name, top] = tensor.numpy().copy()
            for value in (*node.inputs, *node.outputs):
                if last_use.get(value, index) == index:
                    values.pop(value, None)
    return found


def _calls(graph: Graph) -> Iterator[tuple[Node, Callable[..., Any]]]:
    for node in graph.nodes:
        yield node, build(source_of(node))


def source_of(node: Node) -> Source:
    """The PyTorch form of a node."""
    return node.layer.to_torch([value.shape for value in node.inputs], node.blobs)


def generate(graph: Graph) -> tuple[str, dict[str, torch.Tensor]]:
    """A graph as PyTorch.

    Returns the source of a file that defines one nn.Module, and the state_dict that goes with it (float32, the same
    memory as the graph's weights where it is writable). The module's `forward` takes the graph's inputs in order and
    returns its output, or the tuple of them. The file needs nothing but torch.
    Raises UnsupportedError naming every layer that has no PyTorch form.
    """
    sources = _sources(graph)
    identifiers = _identifiers(graph)
    state: dict[str, torch.Tensor] = {}
    init: list[str] = []
    forward: list[str] = []
    variables = _Variables(graph)
    for node, source in sources:
        if not node.outputs:  # Silence
            continue
        name = identifiers[node]
        if source.module:
            init.append(f"self.{name} = {source.module}")
            state.update({f"{name}.{key}": _tensor(array, "cpu") for key, array in source.state.items()})
            with torch.device("meta"):
                module = eval(source.module, dict(NAMESPACE))
            state.update({f"{name}.{key}": tensor for key, tensor in _counters(module, "cpu").items()})
        for key, array in source.state.items() if not source.module else ():
            init.append(f"self.{name}_{key} = nn.Parameter(torch.empty({tuple(array.shape)}))")
            state[f"{name}_{key}"] = _tensor(array, "cpu")
        inputs = variables.read(node)
        if source.module:
            call = f"self.{name}({', '.join(inputs)})"
        else:
            call = source.expr.format(*inputs, **{key: f"self.{name}_{key}" for key in source.state})
        forward.append(f"{', '.join(variables.write(node))} = {call}")
    forward.append(f"return {', '.join(variables.names[value] for value in graph.outputs.values())}")
    arguments = ", ".join(variables.names[value] for value in graph.inputs)
    shapes = ", ".join(f"{list(value.shape)}" for value in graph.inputs)
    defined = dict.fromkeys(source.define for _, source in sources if source.define)
    lines = [HEADER, *(f"{text}\n" for text in defined), "", f"class {class_name(graph.name)}(nn.Module):"]
    lines += [f'    """Inputs of shape {shapes}."""', "", "    def __init__(self):", "        super().__init__()"]
    lines += [f"        {line}" for line in init]
    lines += ["", f"    def forward(self, {arguments}):", *(f"        {line}" for line in forward)]
    return "\n".join(lines) + "\n", state


def to_torch(graph: Graph) -> nn.Module:
    """The graph as a module in eval mode, on the CPU, with its weights: it runs the source that `generate` returns."""
    source, state = generate(graph)
    return load(source, state)


def load(source: str, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """Runs source made by `generate`: the one nn.Module that it defines, with the weights of `state`, in eval mode."""
    space: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "<generated>", "exec"), space)
    classes = [item for item in space.values() if isinstance(item, type) and item.__module__ == "generated"]
    with torch.device("meta"):
        module = classes[-1]()
    module.load_state_dict(state, assign=True)
    return module.eval()


def class_name(name: str) -> str:
    """A graph's name as the name of a Python class."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    camel = "".join(word[0].upper() + word[1:] for word in words) or "Net"
    return f"Net{camel}" if camel[0].isdigit() or camel in RESERVED else camel


def identifier(name: str) -> str:
    """A layer's name, whatever is in it, as a Python identifier in ASCII."""
    clean = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "layer"
    return f"layer_{clean}" if clean[0].isdigit() or clean in RESERVED else clean


def _identifiers(graph: Graph) -> dict[Node, str]:
    names = Names()
    return {node: names.unique(identifier(node.name)) for node in graph.nodes}


def _sources(graph: Graph) -> list[tuple[Node, Source]]:
    found: list[tuple[Node, Source]] = []
    problems: list[Problem] = []
    for node in graph.nodes:
        try:
            found.append((node, source_of(node)))
        except Refused as error:
            problems.append(Problem(node.where, error.what, error.fix))
    if problems:
        raise UnsupportedError(problems, "written as PyTorch")
    return found


class _Variables:
    """Names the local variables of `forward`: `x` is used again once its value is spent, so nothing is kept alive."""

    def __init__(self, graph: Graph) -> None:
        self.names: dict[Value, str] = {}
        self._uses = {value: len(nodes) for value, nodes in graph.consumers().items()}
        for value in graph.outputs.values():
            self._uses[value] = self._uses.get(value, 0) + 1
        self._free: list[str] = []
        unique = Names(RESERVED)
        self._fresh = lambda: unique.unique("x")
        for value in graph.inputs:
            self.names[value] = self._fresh() if len(graph.inputs) == 1 else unique.unique(identifier(value.name))

    def read(self, node: Node) -> list[str]:
        names = [self.names[value] for value in node.inputs]
        for value in node.inputs:
            self._uses[value] -= 1
            if not self._uses[value]:
                self._free.append(self.names[value])
        self._free.sort(key=lambda name: (len(name), name), reverse=True)
        return names

    def write(self, node: Node) -> list[str]:
        for value in node.outputs:
            self.names[value] = self._free.pop() if self._free else self._fresh()
        for value in node.outputs:
            if not self._uses.get(value):
                self._free.append(self.names[value])
        return [self.names[value] for value in node.outputs]

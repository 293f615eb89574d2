"""From symbol.json and .params to a Graph, node by node."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Problem, Refused, UnsupportedError
from ...graph.builder import Builder
from ...graph.graph import Graph, Value
from ...graph.registry import load_layers
from ...runtime.infer import infer
from .files import Node, read_params, read_symbol
from .operators import LABELLED, OPERATORS

# Attributes that change nothing at inference, or only how it is computed.
HARMLESS = {
    "workspace",
    "cudnn_tune",
    "cudnn_off",
    "momentum",
    "num_args",
    "grad_scale",
    "ctx_group",
    "lr_mult",
    "wd_mult",
}
HARMLESS |= {"force_mirroring", "mirror_stage", "weight_lr_mult", "bias_lr_mult", "sparse_grad", "__profiler_scope__"}
PARAMETERS = ("_weight", "_bias", "_gamma", "_beta", "_moving_mean", "_moving_var", "_running_mean", "_running_var")
FIX = "end the network before it (--end), or in MXNet mx.onnx.export_model, then --from onnx"


def load_mxnet(
    symbol: str | Path,
    params: str | Path | None = None,
    *,
    input_shapes: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    end: Sequence[str] = (),
) -> Graph:
    """Reads an MXNet network for inference, without MXNet.

    symbol:       NAME-symbol.json, of any version from 0.5 on.
    params:       NAME-0000.params.
    input_shapes: the shape of the input, or of each by name; not needed for variables that have a shape in the file.
    end:          names of nodes that become the outputs; what they do not depend on is left out.

    Layers for training (SoftmaxOutput, LinearRegressionOutput ...) become what they compute at inference; labels are
    left out. Arrays become float32.
    Raises UnsupportedError naming every node that is not supported, ConversionError for files that are damaged or do
    not match.
    """
    load_layers()
    nodes, heads = read_symbol(symbol)
    weights = read_params(params) if params is not None else {}
    if end:
        heads = [_named(nodes, name, str(symbol)) for name in end]
    graph = Graph(Path(symbol).stem.removesuffix("-symbol"))
    reader = _Reader(Builder(graph, infer), nodes, weights, input_shapes, str(symbol))
    for index in sorted(_needed(nodes, [head for head, _ in heads])):
        reader.read(index)
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from {symbol}")
    outputs = [reader.values[at][output] for at, output in heads]
    if any(not isinstance(value, Value) for value in outputs):
        raise ConversionError(f"{symbol}: an output that depends on no input")
    graph.outputs = {value.name: value for value in outputs}
    return graph


def _named(nodes: Sequence[Node], name: str, path: str) -> tuple[int, int]:
    """A node by its name, or by that of its output as MXNet lists it: `conv0_output`."""
    for index, node in enumerate(nodes):
        if name in (node.name, f"{node.name}_output") and node.op != "null":
            return index, 0
    raise ConversionError(f"{path}: --end {name}: there is no such node")


def _needed(nodes: Sequence[Node], heads: Sequence[int]) -> set[int]:
    """What the heads depend on, without labels."""
    needed, left = set[int](), list(heads)
    while left:
        index = left.pop()
        if index not in needed:
            needed.add(index)
            inputs = nodes[index].inputs
            left += [at for at, _ in (inputs[:1] if nodes[index].op in LABELLED else inputs)]
    return needed


class _Reader:
    """values: for each node its outputs. problems: what cannot be in the graph."""

    def __init__(self, net: Builder, nodes: Sequence[Node], weights: Mapping[str, np.ndarray], shapes: Any, path: str):
        self.net, self.nodes, self.weights, self.shapes, self.path = net, nodes, weights, shapes, path
        self.values: dict[int, Sequence[Any]] = {}
        self.problems: list[Problem] = []

    def read(self, index: int) -> None:
        """Adds what a node computes; of one that depends on a problem, nothing."""
        node = self.nodes[index]
        if node.op == "null":
            self.values[index] = [self.weights[node.name] if node.name in self.weights else self._input(node)]
            return
        inputs = node.inputs[:1] if node.op in LABELLED else node.inputs
        if any(at not in self.values for at, _ in inputs):
            return
        self.net.scope = node.name
        try:
            found = self._result(node, [self.values[at][output] for at, output in inputs])
            self.values[index] = found if isinstance(found, list) else [found]
        except Refused as error:
            self.problems.append(Problem(f"{node.op} {node.name!r}", error.what, error.fix))
        except (LookupError, ArithmeticError, ValueError, TypeError) as error:
            self.problems.append(Problem(f"{node.op} {node.name!r}", f"its inputs do not fit: {error}", FIX))

    def _result(self, node: Node, inputs: list[Any]) -> Any:
        make = OPERATORS.get(node.op)
        if make is None:
            raise Refused("it is not supported", FIX)
        if not any(isinstance(value, Value) for value in inputs):
            raise Refused("it computes with constants only", FIX)
        try:
            inspect.signature(make).bind(self.net, node, *inputs)
        except TypeError:
            raise Refused(f"it has {len(inputs)} inputs", FIX) from None
        result = make(self.net, node, *inputs)
        left = {key for key in node.attributes if not key.startswith("__")} - node.read - HARMLESS
        if left:
            raise Refused(f"{', '.join(sorted(left))}, which may change what it computes", FIX)
        return result

    def _input(self, node: Node) -> Value:
        if node.name.endswith(PARAMETERS):
            fix = "give the .params of this symbol" if not self.weights else "give the .params that belong to it"
            raise ConversionError(f"{self.path}: there are no weights {node.name!r}\n  fix: {fix}")
        shapes = self.shapes
        shape = shapes.get(node.name) if isinstance(shapes, Mapping) else shapes
        shape = shape if shape is not None else node.integers("__shape__")
        if not shape or min(shape) < 1:
            example = f"--input-shape {node.name}=1,3,224,224"
            raise ConversionError(f"{self.path}: the shape of input {node.name!r} is not in the file: give {example}")
        return self.net.input(node.name, tuple(shape))

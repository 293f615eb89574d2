"""Small ONNX files, and what they compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper, save

from pytorch2caffe import load_onnx
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.runtime.run import run

FLOAT = TensorProto.FLOAT
RNG = np.random.default_rng(0)


def array(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def node(op: str, inputs: str, output: str, name: str = "", **attributes: Any) -> NodeProto:
    """A node whose inputs and outputs are separated by spaces; "-" is an input that is omitted."""
    names = ["" if each == "-" else each for each in inputs.split()]
    return helper.make_node(op, names, output.split(), name, **attributes)


def write(
    path: Path,
    nodes: Sequence[NodeProto],
    shape: Sequence[int | str] = (1, 3, 8, 8),
    outputs: Sequence[str] = ("y",),
    constants: Mapping[str, np.ndarray] | None = None,
    opset: int = 17,
    kind: int = FLOAT,
    **more: Any,
) -> Path:
    """A model with the input x, written to a file."""
    graph = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info("x", kind, shape), *more.pop("inputs", [])],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *more.pop("domains", [])], **more)
    save(model, path)
    return path


def outputs(graph: Graph, *inputs: np.ndarray) -> list[np.ndarray]:
    """What a graph computes, in the order of its outputs."""
    fed = {value.name: i for value, i in zip(graph.inputs, inputs, strict=True)}
    found = {top: result for (_, top), result in run(graph, fed).items()} | fed
    return [found[value.name] for value in graph.outputs.values()]


def types(graph: Graph) -> list[str]:
    return [each.layer.type for each in graph.nodes]


def computed(path: Path, op: str, x: np.ndarray, opset: int = 17, **attributes: Any) -> np.ndarray:
    """What one node computes. Its further inputs are the arrays among the keyword arguments, in order."""
    arrays = {name: value for name, value in attributes.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in attributes.items() if name not in arrays}
    names = ["x", *("" if not value.size and value.dtype == object else name for name, value in arrays.items())]
    each = helper.make_node(op, names, ["y"], **plain)
    constants = {name: value for name, value in arrays.items() if name in names}
    graph = load_onnx(write(path / "net.onnx", [each], x.shape, constants=constants, opset=opset))
    return outputs(graph, x)[0]


OMITTED = np.array([], object)

"""From an .onnx file to a Graph: inputs, nodes, outputs, and the layers that exporters write as several operators."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Refused, UnsupportedError
from ...graph.graph import Graph, Names
from ...graph.nonfinite import warn_of_nonfinite
from ...graph.registry import load_layers
from ...passes.runner import run_passes
from ..casting import declare
from .bodies import body_of_model
from .files import Model, dtype_of, open_model
from .inputs import InputShapes, shapes_of
from .names import clean
from .passes import PASSES
from .quantized import AS_FLOAT, warn_of_quantized
from .reader import Reader
from .tensors import Item, Scope, Tensor, Unknown


def load_onnx(
    path: str | Path,
    input_shapes: InputShapes | None = None,
    outputs: str | Sequence[str] | None = None,
    start: Mapping[str, Sequence[int]] | None = None,
) -> Graph:
    """Reads an ONNX network for inference; needs the onnx package, to parse the file only.

    path:         the .onnx file; external data are read from files in its folder.
    input_shapes: for sizes that the file leaves open: the shape of the only input, one for each, or by name. A first
                  axis that is open is 1.
    outputs:      tensors to read instead of the model's outputs, by name.
    start:        float tensors that become inputs, by name, with their shapes; what only they need is not read.

    Layers and values are named after the modules that an exporter wrote into the file. The Graph's outputs have the
    names in the file. A quantized model in the QDQ format is read as float, with a QuantizedWarning; the ranges of its
    integers are kept for an int8 table.
    Raises UnsupportedError naming every node that cannot be read, ConversionError for files that are damaged or
    hostile, unknown names (with similar ones) and sizes that are missing.
    """
    load_layers()
    model = open_model(path)
    reader = Reader(model, clean(model.path.stem))
    scope = Scope()
    for info, shape in _inputs(model, input_shapes):
        scope.items[info.name] = _input(reader, info, shape)
    wanted = _wanted(model, outputs)
    for name, sizes in (start or {}).items():
        if name not in _tensors(model):
            raise _unknown(model, name)
        for node in model.graph.node:  # nothing needs the nodes that compute it any more
            node.output[:] = ["" if output == name else output for output in node.output]
        value = reader.net.input(clean(name), tuple(sizes))
        reader.types[value] = np.dtype(np.float32)
        scope.items[name] = Tensor(np.dtype(np.float32), value)
    try:
        found = reader.read(body_of_model(model), wanted, scope)
    except Refused as error:
        raise ConversionError(f"{path}: {error}") from error
    for name, item in zip(wanted, found, strict=True):
        reader.problems.note_late(item)
        if isinstance(item, Tensor) and item.quantization:
            reader.problems.note(f"output {name!r}", Refused("it has integers of a quantized model", AS_FLOAT))
    if reader.problems:
        raise UnsupportedError(reader.problems, f"read from {path}")
    graph = reader.net.graph
    for name, item in zip(wanted, found, strict=True):
        graph.outputs[name] = _output(reader, name, item)
    used = {value for node in graph.nodes for value in node.inputs} | {*graph.outputs.values()}
    graph.inputs[:] = [value for value in graph.inputs if value in used]
    if not graph.inputs:
        raise ConversionError(f"{path}: no output depends on an input: {', '.join(wanted) or 'there are no outputs'}")
    run_passes(graph, PASSES)
    _name(graph, reader.net.wanted)
    warn_of_nonfinite(graph)
    warn_of_quantized(graph)
    return graph


def _inputs(model: Model, given: InputShapes | None) -> list[tuple[Any, tuple[int, ...]]]:
    """The inputs that are fed, and their shapes; older files list initialisers too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    constants |= {tensor.values.name for tensor in model.graph.sparse_initializer}
    infos = [info for info in model.graph.input if info.name not in constants]
    shapes = shapes_of(infos, given)
    return [(info, shapes[info.name]) for info in infos]


def _input(reader: Reader, info: Any, shape: tuple[int, ...]) -> Item:
    where = f"input {info.name!r}"
    try:
        if not info.type.HasField("tensor_type"):
            raise Refused("it is not a tensor", "export the network with tensors as inputs")
        dtype = dtype_of(info.type.tensor_type.elem_type)
        if dtype.kind == "O":
            raise Refused("it is text", "choose an output that needs numbers only")
    except Refused as error:
        return reader.problems.note(where, error)
    value = reader.net.input(clean(info.name), shape)
    reader.types[value] = dtype
    declare(reader.net.bounds, value, dtype, is_input=True)
    return Tensor(dtype, value)


def _wanted(model: Model, outputs: str | Sequence[str] | None) -> list[str]:
    """The names of the tensors to read. Raises ConversionError for one that is not in the graph."""
    if outputs is None:
        return list(dict.fromkeys(output.name for output in model.graph.output))
    names = [outputs] if isinstance(outputs, str) else list(outputs)
    for name in names:
        if name not in _tensors(model):
            raise _unknown(model, name)
    return names


def _tensors(model: Model) -> list[str]:
    return [name for node in model.graph.node for name in node.output if name]


def _unknown(model: Model, name: str) -> ConversionError:
    near = difflib.get_close_matches(name, _tensors(model), 3)
    hint = f"similar: {', '.join(near)}" if near else f"its outputs: {', '.join(_wanted(model, None))}"
    return ConversionError(f"{model.path}: there is no tensor {name!r}; {hint}")


def _output(reader: Reader, name: str, item: Item | None) -> Any:
    if item is None or isinstance(item, Unknown):
        raise ConversionError(f"the output {name!r} is not in the graph: the file is damaged")
    if item.value is not None:
        return item.value
    if not item.array().size or item.dtype.kind not in "fiub":
        raise ConversionError(f"the output {name!r} is a constant that has no numbers: choose other outputs")
    reader.net.scope = clean(name)
    return reader.net.constant(item.array())


def _name(graph: Graph, wanted: dict[str, str]) -> None:
    """Gives the layers that are left the names that they were to have, numbered again where several have one."""
    names = Names(value.name for value in graph.inputs)
    for node in graph.nodes:
        node.name = names.unique(wanted.get(node.name, node.name))
        for index, value in enumerate(node.outputs):
            value.name = node.name if len(node.outputs) == 1 else names.unique(f"{node.name}.{index}")

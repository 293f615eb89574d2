"""The variables of checkpoints, read by TensorFlow's own reader."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import CaffeFormatError

from ...errors import ConversionError
from .node import TfNode
from .package import tensorflow


def guarded(message: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls TensorFlow or protobuf; their errors for a bad file become ConversionErrors."""
    decode = importlib.import_module("google.protobuf.message").DecodeError
    text = importlib.import_module("google.protobuf.text_format").ParseError
    wrong = [decode, text, CaffeFormatError, RuntimeError, ValueError, TypeError, OSError, LookupError, MemoryError]
    errors = sys.modules.get("tensorflow.python.framework.errors_impl")
    if errors is not None:
        wrong.append(errors.OpError)
    try:
        return function(*arguments)
    except tuple(wrong) as error:
        reason = str(error).split("\n")[0][:300]
        raise ConversionError(f"{message}: {reason}") from error


class Variables:
    """The variables of a checkpoint, read one by one.

    keys:  names of the checkpoint by those in the graph.
    parts: for parts of a partitioned variable, which the checkpoint has complete: its name, and the part's ranges.
    """

    def __init__(self, prefix: Path) -> None:
        tensorflow("tensorflow.python.pywrap_tensorflow")  # the library that the reader is written in
        training = tensorflow("tensorflow.python.training.py_checkpoint_reader")
        self.prefix = prefix
        self.size = sum(path.stat().st_size for path in data_files(prefix))
        self.reader = guarded(f"{prefix} is not a checkpoint", training.NewCheckpointReader, str(prefix))
        self.shapes = guarded(f"{prefix} is damaged", self.reader.get_variable_to_shape_map)
        self.dtypes = guarded(f"{prefix} is damaged", self.reader.get_variable_to_dtype_map)
        self.keys: dict[str, str] = {}
        self.parts: dict[str, tuple[str, tuple[slice, ...]]] = {}

    def key(self, *names: str) -> str | None:
        """The checkpoint's name of the first of `names` that it has."""
        keys = (self.keys.get(name, name) for name in names)
        return next((key for key in keys if key in self.shapes or key in self.parts), None)

    def kind(self, key: str) -> str:
        """The kind of its numbers, as numpy's dtype.kind."""
        name = self.parts[key][0] if key in self.parts else key
        return np.dtype(self.dtypes[name].as_numpy_dtype).kind

    def shape(self, key: str) -> tuple[int, ...]:
        if key in self.parts:
            return tuple(part.stop - part.start for part in self.parts[key][1])
        return tuple(int(size) for size in self.shapes[key])

    def read(self, key: str) -> np.ndarray:
        """A variable, in no more than 32 bits if it holds floats."""
        if key in self.parts:
            whole, part = self.parts[key]
            return self.read(whole)[part]
        size = np.prod([1.0, *self.shape(key)])
        if size > self.size:
            raise ConversionError(f"{self.prefix}: {key!r} of shape {list(self.shape(key))} is larger than its file")
        array = np.asarray(guarded(f"{self.prefix}: {key!r} is damaged", self.reader.get_tensor, key))
        return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def prefix_of(path: Path) -> Path:
    """The name that the files of a checkpoint share."""
    name = path.name
    for mark in (".meta", ".index", ".data-"):
        head, found, tail = name.rpartition(mark)
        if found and (not tail or mark == ".data-"):
            return path.with_name(head)
    return path


def data_files(prefix: Path) -> list[Path]:
    found = sorted(prefix.parent.glob(f"{_escaped(prefix.name)}.data-*")) if prefix.parent.is_dir() else []
    return found or ([prefix] if prefix.is_file() else [])


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def find_parts(variables: Variables, meta: Any) -> None:
    """Finds the parts of partitioned variables. Raises ValueError for parts outside their variable."""
    definition = tensorflow("tensorflow.core.framework.variable_pb2").VariableDef
    for data in meta.collection_def["variables"].bytes_list.value:
        variable = definition.FromString(data)
        name, whole = variable.variable_name.partition(":")[0], variable.save_slice_info_def
        if name in variables.shapes or whole.full_name not in variables.shapes:
            continue
        ranges = list(zip(whole.var_offset, whole.var_shape, variables.shape(whole.full_name), strict=True))
        if any(begin < 0 or size < 0 or begin + size > total for begin, size, total in ranges):
            raise ValueError(f"{name!r} is not a part of {whole.full_name!r}")
        variables.parts[name] = whole.full_name, tuple(slice(begin, begin + size) for begin, size, _ in ranges)


# ---- a SavedModel's variables -------------------------------------------------------------------------------------


def name_variables(variables: Variables, meta: Any, nodes: Sequence[TfNode]) -> None:
    """Finds the checkpoint's name of each variable: TensorFlow 2 names them after the objects that own them."""
    key = "_CHECKPOINTABLE_OBJECT_GRAPH"
    if key not in variables.shapes:
        return
    trackable = tensorflow("tensorflow.core.protobuf.trackable_object_graph_pb2").TrackableObjectGraph
    objects = trackable.FromString(variables.reader.get_tensor(key))
    saved = meta.object_graph_def
    stored = {index: _key(objects.nodes[other]) for index, other in _pairs(saved.nodes, objects.nodes)}
    named = [(saved.nodes[index].variable.name, key) for index, key in stored.items()]
    named += [(a.full_name, a.checkpoint_key) for node in objects.nodes for a in node.attributes]
    for name, key in named:
        if name and key and variables.keys.setdefault(name, key) != key:
            variables.keys[name] = ""  # two variables of one name: not to be guessed
    for node in nodes:  # what a function captured, by the number of the object
        function = node.attr["f"].func.name if "PartitionedCall" in node.op and node.has("f") else ""
        if function in saved.concrete_functions:
            bound = saved.concrete_functions[function].bound_inputs
            for (name, _), index in zip(node.inputs[len(node.inputs) - len(bound) :], bound, strict=True):
                if stored.get(index):
                    variables.keys[name] = stored[index]


def _key(node: Any) -> str:
    """The checkpoint's key for the value of a variable object, or ""."""
    return next((a.checkpoint_key for a in node.attributes if a.name == "VARIABLE_VALUE"), "")


def _pairs(saved: Any, stored: Any) -> Iterator[tuple[int, int]]:
    """Indices of the objects of a SavedModel and of its checkpoint that have the same path from the root."""
    waiting, seen = [(0, 0)], set()
    while waiting:
        a, b = waiting.pop()
        if a in seen or not (0 <= a < len(saved) and 0 <= b < len(stored)):
            continue
        seen.add(a)
        yield a, b
        children = {child.local_name: child.node_id for child in stored[b].children}
        waiting += [(c.node_id, children[c.local_name]) for c in saved[a].children if c.local_name in children]

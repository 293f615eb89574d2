"""Opens an .onnx file: its messages, and the arrays of its constants, which may be in files beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError, Refused
from .package import onnx
from .tensors import FLOAT, MOST_NUMBERS, Tensor

LARGEST_FILE = (1 << 31) - 1
MOST_GRAPHS = 10_000  # branches and functions
Opsets = dict[str, int]


@dataclass(eq=False)
class Model:
    """A parsed model. opsets: the version of each domain's operators. functions: by (domain, name)."""

    path: Path
    graph: Any
    opsets: Opsets
    functions: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.path.parent


def plain_domain(domain: str) -> str:
    """The default domain has two names."""
    return "" if domain == "ai.onnx" else domain


def open_model(path: str | Path) -> Model:
    """Parses a file. Raises ConversionError if it is missing, too large, or not an ONNX model."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConversionError(
                f"{path}: more than 2 GiB, which protobuf cannot hold\n  fix: save it with external data"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ConversionError(f"{path}: {error.strerror or error}") from error
    proto = onnx().ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:  # protobuf's DecodeError: its module depends on the implementation
        raise ConversionError(f"{path}: not an ONNX model, or a damaged one ({error})") from error
    if not proto.HasField("graph"):
        raise ConversionError(f"{path}: not an ONNX model: it has no graph")
    for text in _texts(proto):
        if not isinstance(text, str):
            raise ConversionError(f"{path}: a name in it is not text: {text[:40]!r}: the file is damaged")
    functions = {(plain_domain(f.domain), f.name): f for f in proto.functions}
    return Model(path, proto.graph, opsets_of(proto.opset_import), functions)


def _texts(proto: Any) -> Iterator[Any]:
    """The names in a model; protobuf gives bytes for those that are not UTF-8."""
    yield from (entry.domain for entry in proto.opset_import)
    graphs, depth = [proto.graph, *proto.functions], 0
    while graphs and depth < MOST_GRAPHS:
        graph, depth = graphs.pop(), depth + 1
        for info in (*graph.input, *graph.output, *getattr(graph, "initializer", ())):
            yield info if isinstance(info, (str, bytes)) else info.name
        yield graph.name
        for node in graph.node:
            yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
            for entry in node.metadata_props:
                yield from (entry.key, entry.value)
            for attribute in node.attribute:
                yield from (attribute.name, attribute.ref_attr_name)
                graphs += [attribute.g] if attribute.HasField("g") else []


def opsets_of(imports: Any) -> Opsets:
    """The version of each domain's operator set; files from before opsets follow the first."""
    return {"": 1} | {plain_domain(entry.domain): int(entry.version) for entry in imports}


# ---- constants -------------------------------------------------------------------------------------------------------


def dtype_of(data_type: int, packed: bool = False) -> np.dtype:
    """A tensor's type: every float is float32. Raises Refused for complex numbers, floats of 8 bits and unknown types.

    packed: whether integers of 4 bits and fewer are accepted, as int8 or uint8.
    """
    kinds = onnx().TensorProto
    if data_type == kinds.STRING:
        return np.dtype(object)
    try:
        numpy_type = np.dtype(onnx("helper").tensor_dtype_to_np_dtype(data_type))
    except Exception as error:
        raise Refused(f"a tensor of the unknown data type {data_type}") from error
    if numpy_type.kind == "c":
        raise Refused("complex numbers", "use two real tensors")
    name = kinds.DataType.Name(data_type)
    if name.startswith(("FLOAT8", "FLOAT4", "FLOAT6")):
        raise Refused(f"numbers of type {name}, which round to a few bits", "keep them in float16 or float32")
    if name in ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE"):
        return FLOAT
    if numpy_type.kind not in "iub":  # 4 and 2 bits: ml_dtypes
        if not packed:
            raise Refused(f"numbers of type {name}", "keep them in 8 bits")
        return np.dtype(np.uint8 if name.startswith("U") else np.int8)
    return numpy_type


def tensor_of(proto: Any, folder: Path) -> Tensor:
    """A TensorProto as a constant, which is read when it is needed. Raises Refused if its type is not supported."""
    dtype = dtype_of(proto.data_type, packed=True)
    return Tensor(dtype, load=lambda: array_of(proto, folder), packed=_is_packed(proto.data_type))


def _is_packed(data_type: int) -> bool:
    return bool(onnx().TensorProto.DataType.Name(data_type).endswith(("INT4", "INT2")))


def array_of(proto: Any, folder: Path) -> np.ndarray:
    """The array of a TensorProto. Raises Refused for a damaged one."""
    dtype, shape = dtype_of(proto.data_type, packed=True), tuple(int(d) for d in proto.dims)
    if min(shape, default=0) < 0 or prod(shape) > MOST_NUMBERS:
        raise Refused(f"the constant {proto.name!r} of shape {list(shape)}", "the file is damaged")
    if proto.data_location == onnx().TensorProto.EXTERNAL:
        proto = _with_external_data(proto, folder, prod(shape))
    try:
        array = onnx("numpy_helper").to_array(proto)
    except Exception as error:  # numpy_helper raises what comes
        raise Refused(f"the constant {proto.name!r} is damaged: {str(error)[:200]}") from error
    if array.shape != shape:
        raise Refused(f"the constant {proto.name!r} has {array.size} numbers for the shape {list(shape)}")
    return np.ascontiguousarray(array.astype(dtype) if array.dtype != dtype else array).reshape(shape)


def _with_external_data(proto: Any, folder: Path, count: int) -> Any:
    """The same tensor with its bytes, which are in a file in the model's folder."""
    entries = {entry.key: entry.value for entry in proto.external_data}
    name = f"the constant {proto.name!r}"
    try:
        path = (folder / entries["location"]).resolve(strict=True)
        offset, length = (int(entries.get(key) or 0) for key in ("offset", "length"))
    except (KeyError, ValueError) as error:
        raise Refused(f"{name} is in another file, and the entry for it is damaged ({error})") from error
    except OSError as error:
        what = f"{name} is in the file {entries['location']!r}, which cannot be read ({error.strerror})"
        raise Refused(what, "put that file beside the model") from error
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Refused(f"{name} is in {entries['location']!r}, outside of the model's folder", "move it into the folder")
    size = path.stat().st_size
    length = length or size - offset
    if offset < 0 or length < 0 or offset + length > size or length > 16 * count:
        raise Refused(f"{name}: bytes {offset} to {offset + length} of {path.name}, which has {size}")
    copy = onnx().TensorProto()
    copy.CopyFrom(proto)
    copy.ClearField("external_data")
    copy.data_location = onnx().TensorProto.DEFAULT
    with path.open("rb") as stream:
        stream.seek(offset)
        copy.raw_data = stream.read(length)
    return copy


Decoder = Callable[[Any], Any]


def attribute_of(attribute: Any, folder: Path) -> Any:
    """An AttributeProto as int, float, str, list of these, Tensor, or GraphProto."""
    kinds = onnx().AttributeProto
    decode: dict[int, Decoder] = {
        kinds.INT: lambda a: int(a.i),
        kinds.FLOAT: lambda a: float(a.f),
        kinds.STRING: lambda a: a.s.decode("utf-8", "replace"),
        kinds.INTS: lambda a: [int(i) for i in a.ints],
        kinds.FLOATS: lambda a: [float(f) for f in a.floats],
        kinds.STRINGS: lambda a: [s.decode("utf-8", "replace") for s in a.strings],
        kinds.TENSOR: lambda a: tensor_of(a.t, folder),
        kinds.GRAPH: lambda a: a.g,
    }
    kind = attribute.type or _kind_of_old(attribute)
    if kind not in decode:
        raise Refused(f"the attribute {attribute.name!r} of type {kind}")
    return decode[kind](attribute)


def _kind_of_old(attribute: Any) -> int:
    """The type of an attribute from before files had it."""
    kinds = onnx().AttributeProto
    single = {"f": kinds.FLOAT, "i": kinds.INT, "s": kinds.STRING, "t": kinds.TENSOR, "g": kinds.GRAPH}
    several = {"floats": kinds.FLOATS, "ints": kinds.INTS, "strings": kinds.STRINGS}
    found = [kind for key, kind in several.items() if len(getattr(attribute, key))]
    found += [kind for key, kind in single.items() if attribute.HasField(key)]
    return int(found[0]) if found else 0

"""MMdnn's files, PREFIX.json, PREFIX.pb and PREFIX.npy, read and written without MMdnn."""

from __future__ import annotations

import mmap
import os
import re
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import json_format, text_format
from google.protobuf.message import DecodeError

import caffe_proto
from caffe_proto import wire

from .errors import IrFormatError
from .node import IrNode
from .pickles import read_pickle
from .pickling import pickle_parts
from .schema import DATA_TYPES, message_class

MOST_BYTES = 1 << 24  # of structure; resnet_v2_152's .json has 1.3 MB
MOST_NODE = 1 << 20
MOST_NODES = 100_000
MOST_HEADER = 1 << 12
HEADER = re.compile(rb"\{ *'descr': '\|O', *'fortran_order': (True|False), *'shape': \(\),? *\} *\n?")
# The largest float as protobuf prints it, which its parser rejects as too large.
LARGEST = re.compile(r'^( *(?:"f": )?-?)3\.4028235e\+38(?=,?$)', re.MULTILINE)
LITERALS = ("int_val", "uint_val", "int64_val", "uint64_val", "float_val", "double_val", "bool_val")


def read_ir(structure: str | Path, weights: str | Path | None = None) -> list[IrNode]:
    """The nodes in MMdnn's files, in the file's order, with their weights.

    structure: the .json (either spelling of its names), or the .pb, binary or text. weights: the .npy.

    Raises IrFormatError for a file that is damaged, hostile or not such a file, OSError as open() does.
    """
    path = Path(structure)
    try:
        nodes = _without_control([_node(message) for message in _messages(path)])
    except IrFormatError as error:
        raise IrFormatError(f"{path}: {error}") from error
    if not nodes:
        raise IrFormatError(f"{path}: it has no nodes")
    if weights is not None:
        try:
            _give(nodes, _weights(Path(weights)))
        except IrFormatError as error:
            raise IrFormatError(f"{weights}: {error}") from error
    return nodes


# ---- structure -----------------------------------------------------------------------------------------------------


def _messages(path: Path) -> Iterator[Any]:
    content = _content(path)
    if path.suffix.lower() == ".json":
        yield from _parsed(content, _from_json)
        return
    try:
        fields = list(wire.fields(content, 0, len(content)))
    except caffe_proto.CaffeFormatError as error:
        if not _printable(content):
            raise IrFormatError(str(error)) from error
        yield from _parsed(content, _from_text)
        return
    for field in fields:
        if field.number != 1:
            continue
        if field.wire_type != wire.BYTES or field.stop - field.start > MOST_NODE:
            raise IrFormatError(f"byte {field.begin}: not a node")
        message = message_class("NodeDef")()
        try:
            message.ParseFromString(content[field.start : field.stop])
        except DecodeError as error:
            raise IrFormatError(f"byte {field.begin}: a node is damaged") from error
        yield message


def _content(path: Path) -> bytes:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not path.is_file():
        raise IrFormatError("not a regular file")
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise IrFormatError(
            f"more than {MOST_BYTES:,} bytes: not the structure of a network; the weights are in the .npy"
        )
    if not content:
        raise IrFormatError("an empty file")
    return content


def _printable(content: bytes) -> bool:
    return not any(byte < 9 for byte in content[:4096])


def _parsed(content: bytes, parse: Any) -> Sequence[Any]:
    try:
        graph = parse(str(content, "utf-8"))
    except UnicodeDecodeError as error:
        raise IrFormatError(f"byte {error.start}: not UTF-8") from error
    except (json_format.ParseError, text_format.ParseError, ValueError, TypeError, RecursionError) as error:
        line = str(error).strip().split("\n")[0]
        raise IrFormatError(f"damaged, or not a graph: {line[:200]}") from error
    if len(graph.node) > MOST_NODES:
        raise IrFormatError(f"{len(graph.node):,} nodes, more than {MOST_NODES:,}")
    return graph.node


def _from_json(text: str) -> Any:
    return json_format.Parse(text, message_class("GraphDef")(), max_recursion_depth=30)


def _from_text(text: str) -> Any:
    return text_format.Parse(text, message_class("GraphDef")())


def _node(message: Any) -> IrNode:
    attrs = {key: _attr(value) for key, value in message.attr.items()}
    if not message.name or not message.op:
        raise IrFormatError(f"a node without {'an operator' if message.name else 'a name'}")
    known = {key: value for key, value in sorted(attrs.items()) if value is not None}
    return IrNode(message.name, message.op, list(message.input), known)


def _without_control(nodes: list[IrNode]) -> list[IrNode]:
    """The nodes without control inputs (`^name`), and without nodes that only those need: they are not outputs."""
    waited = {name[1:] for node in nodes for name in node.inputs if name.startswith("^")}
    for node in nodes:
        node.inputs = [name for name in node.inputs if not name.startswith("^")]
    names = {node.name for node in nodes}
    sources = {node.name: [_source(edge, names) for edge in node.inputs] for node in nodes}
    read = {name for found in sources.values() for name in found}
    wanted = [node.name for node in nodes if node.name not in read and node.name not in waited]
    kept = set(wanted)
    while waited and wanted:
        more = [name for name in sources.get(wanted.pop(), []) if name not in kept]
        kept.update(more)
        wanted += more
    return [node for node in nodes if not waited or node.name in kept]


def _source(edge: str, names: Collection[str]) -> str:
    return edge if edge in names else edge.rpartition(":")[0] or edge


def _attr(value: Any) -> Any:
    """The Python value of an AttrValue, None if it is empty."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "list":
        filled = [field.name for field, _ in value.list.ListFields()]
        return [_plain(name, item) for name in filled for item in getattr(value.list, name)]
    return _plain(kind, getattr(value, kind))


def _plain(kind: str, value: Any) -> Any:
    if kind == "s":
        return str(value, "utf-8", "replace")
    if kind == "type":
        return f"DT_{DATA_TYPES[value]}" if 0 <= value < len(DATA_TYPES) else f"DT_{value}"
    if kind == "shape":
        return None if value.unknown_rank else tuple(dim.size for dim in value.dim)
    if kind == "tensor":
        return next((list(getattr(value, name)) for name in LITERALS if len(getattr(value, name))), [])
    return value


# ---- weights -------------------------------------------------------------------------------------------------------


def _weights(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not path.is_file() or not path.stat().st_size:
        raise IrFormatError("not a regular file" if not path.is_file() else "an empty file")
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    found = read_pickle(memoryview(mapped)[_header(mapped) :])
    if not isinstance(found, dict):
        raise IrFormatError(f"a {type(found).__name__} instead of a dict of weights")
    return {_name(key): value for key, value in found.items()}


def _header(mapped: mmap.mmap) -> int:
    """The position of the pickle; the header before it must declare one."""
    start, form = (10, "<H") if mapped[6:8] == b"\x01\x00" else (12, "<I")
    if mapped[:6] != b"\x93NUMPY" or len(mapped) < start:
        raise IrFormatError("not an .npy file of weights as MMdnn writes them")
    (size,) = struct.unpack(form, mapped[8:start])
    text = mapped[start : start + min(size, MOST_HEADER)]
    if not HEADER.fullmatch(text) or len(text) < size:
        raise IrFormatError(f"not a dict of weights, but an array with the header {str(text[:80], 'latin-1')!r}")
    return start + size


def _name(key: Any) -> str:
    return str(key, "utf-8", "replace") if isinstance(key, (bytes, memoryview)) else str(key)


def _give(nodes: Sequence[IrNode], weights: dict[str, Any]) -> None:
    """Gives each node its arrays. Those of a list (Affine's) are named by index; plain numbers are ignored."""
    for node in nodes:
        own = weights.get(node.name, {})
        items = enumerate(own) if isinstance(own, (list, tuple)) else own.items() if isinstance(own, dict) else []
        node.weights = {_name(key): value for key, value in items if isinstance(value, np.ndarray)}


# ---- writing -------------------------------------------------------------------------------------------------------


def write_ir(nodes: Sequence[IrNode], prefix: str | Path) -> None:
    """Writes PREFIX.json, PREFIX.pb and PREFIX.npy, as MMdnn does; all three or none.

    Raises IrFormatError for an attribute that the IR cannot represent.
    """
    graph = message_class("GraphDef")(node=[_message(node) for node in nodes])
    text = LARGEST.sub(r"\g<1>3.4028234e+38", json_format.MessageToJson(graph, preserving_proto_field_name=True))
    weights = {node.name: node.weights for node in nodes if node.weights}
    paths = [Path(f"{os.fspath(prefix)}.{suffix}") for suffix in ("json", "pb", "npy")]
    with caffe_proto.atomic_files(*paths) as (as_json, as_pb, as_npy):
        as_json.write_text(text + "\n", encoding="utf-8")
        as_pb.write_bytes(graph.SerializeToString(deterministic=True))
        with as_npy.open("wb") as stream:
            np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": ()})
            for part in pickle_parts(weights):
                stream.write(part)


def _message(node: IrNode) -> Any:
    message = message_class("NodeDef")(name=node.name, op=node.op, input=node.inputs)
    for key, value in node.attrs.items():
        try:
            _fill(message.attr[key], key, value)
        except (TypeError, ValueError) as error:
            raise IrFormatError(f"node {node.name!r}: {key} = {value!r}: {error}") from error
    return message


def _fill(target: Any, key: str, value: Any) -> None:
    """Sets an AttrValue, or the items of its list."""
    if isinstance(value, list):
        target.list.SetInParent()
        for item in value:
            kind = _kind(item)
            getattr(target.list, kind).append(_shape(item) if kind == "shape" else _encoded(kind, item))
        return
    kind = _kind(value)
    if kind == "shape":
        target.shape.CopyFrom(_shape(value))
    else:
        setattr(target, kind, _encoded(kind, value))


def _kind(value: Any) -> str:
    if value is None or isinstance(value, tuple):
        return "shape"
    if isinstance(value, str):
        return "type" if value.startswith("DT_") else "s"
    if isinstance(value, (bool, np.bool_)):
        return "b"
    return "i" if isinstance(value, (int, np.integer)) else "f"


def _encoded(kind: str, value: Any) -> Any:
    if kind == "s":
        return value.encode()
    return DATA_TYPES.index(value.removeprefix("DT_")) if kind == "type" else value


def _shape(value: tuple[int, ...] | None) -> Any:
    dims = [{"size": int(size)} for size in value or ()]
    return message_class("TensorShape")(dim=dims, unknown_rank=value is None)

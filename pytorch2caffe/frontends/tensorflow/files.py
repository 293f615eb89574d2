"""TensorFlow's files: checkpoints with their .meta, frozen graphs, SavedModels."""

from __future__ import annotations

import importlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caffe_proto import wire

from ...errors import ConversionError
from .node import TfNode
from .node_defs import large_constant, node_def, tf_node
from .package import tensorflow
from .variables import Variables, data_files, find_parts, guarded, name_variables, prefix_of

IN_PLACE = 4096  # bytes from which on a constant is not copied
LARGEST_STRUCTURE = 1 << 31  # bytes: protobuf's own limit


@dataclass
class Model:
    """The contents of a file. `functions` are FunctionDefs by name, `inputs` and `outputs` a SavedModel's signature."""

    nodes: list[TfNode]
    functions: Mapping[str, Any] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    variables: Variables | None = None


def open_model(path: str | Path, weights: str | Path | None = None) -> Model:
    """The model at `path`, of any of the formats; `weights` is its checkpoint if that is not beside it."""
    path = Path(path)
    if path.is_dir():
        if any((path / f"saved_model.{suffix}").is_file() for suffix in ("pb", "pbtxt")):
            return _saved_model(path)
        path = _latest_checkpoint(path)
    elif path.name in ("saved_model.pb", "saved_model.pbtxt"):
        return _saved_model(path.parent)
    prefix = prefix_of(path)
    meta = prefix.with_name(f"{prefix.name}.meta")
    if not path.is_file() and not meta.is_file():
        raise ConversionError(f"{path}: no such file; a checkpoint needs its .meta")
    if path.suffix == ".meta" or (meta.is_file() and path.suffix not in (".pb", ".pbtxt", ".prototxt")):
        rest, model = _meta_graph(path if path.suffix == ".meta" else meta)
        prefix = prefix if weights is None else prefix_of(Path(weights))
        if weights is not None or data_files(prefix):
            model.variables = Variables(prefix)
            guarded(f"{path}: its variables are damaged", find_parts, model.variables, rest)
        return model
    if not path.is_file():
        raise ConversionError(f"{path}: no such file")
    model = _graph(path)
    model.variables = Variables(prefix_of(Path(weights))) if weights is not None else None
    return model


def _latest_checkpoint(folder: Path) -> Path:
    found = sorted(folder.glob("*.meta"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ConversionError(f"{folder}: neither a SavedModel (saved_model.pb) nor checkpoints with a .meta are here")
    return found[-1]


# ---- the kinds of files -------------------------------------------------------------------------------------------


def _graph(path: Path) -> Model:
    """A GraphDef, binary or text."""
    if _is_text(path):
        graph = _parse_text(path, tensorflow("tensorflow.core.framework.graph_pb2").GraphDef())
        return Model([tf_node(node) for node in graph.node], _functions(graph.library))
    return guarded(f"{path} is not a frozen graph", _binary_graph, _mapped(path), 0, None)


def _meta_graph(path: Path) -> tuple[Any, Model]:
    """A MetaGraphDef, which may lack its graph, and that graph."""
    if _is_text(path):
        meta = _parse_text(path, tensorflow("tensorflow.core.protobuf.meta_graph_pb2").MetaGraphDef())
        return meta, _of_meta(meta)
    buffer = _mapped(path)
    return guarded(f"{path} is not a meta graph", _binary_meta, buffer, 0, len(buffer))


def _saved_model(folder: Path) -> Model:
    path = next(folder / f"saved_model.{s}" for s in ("pb", "pbtxt") if (folder / f"saved_model.{s}").is_file())
    if path.suffix == ".pbtxt":
        saved = _parse_text(path, tensorflow("tensorflow.core.protobuf.saved_model_pb2").SavedModel())
        models = [(meta, _of_meta(meta)) for meta in saved.meta_graphs]
    else:
        models = guarded(f"{path} is not a SavedModel", _binary_saved_model, _mapped(path))
    if not models:
        raise ConversionError(f"{path} has no graph")
    meta, model = next(((m, model) for m, model in models if "serve" in m.meta_info_def.tags), models[0])
    prefix = folder / "variables" / "variables"
    if data_files(prefix):
        model.variables = Variables(prefix)
        guarded(f"{path}: its objects are damaged", name_variables, model.variables, meta, model.nodes)
        guarded(f"{path}: its variables are damaged", find_parts, model.variables, meta)
    _sign(model, meta)
    return model


def _is_text(path: Path) -> bool:
    if path.suffix in (".pbtxt", ".prototxt"):
        return True
    with path.open("rb") as stream:
        start = stream.read(64).lstrip()
    return start[:1].isalpha() and b"{" in start and start[:1] not in b"\n"


def _parse_text(path: Path, message: Any) -> Any:
    text_format = importlib.import_module("google.protobuf.text_format")
    return guarded(f"{path} cannot be read", lambda: text_format.Parse(path.read_text(encoding="utf-8"), message))


def _mapped(path: Path) -> mmap.mmap:
    size = path.stat().st_size if path.is_file() else 0
    if not size:
        raise ConversionError(f"{path} is empty" if path.is_file() else f"{path}: no such file")
    if size > LARGEST_STRUCTURE:
        raise ConversionError(f"{path} is larger than protobuf allows")
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _binary_saved_model(buffer: mmap.mmap) -> list[tuple[Any, Model]]:
    found = []
    for part in wire.fields(buffer, 0, len(buffer)):
        if part.number == 2:
            wire.expect(part, wire.BYTES)
            found.append(_binary_meta(buffer, part.start, part.stop))
    return found


def _rest_of_meta(buffer: mmap.mmap, start: int, stop: int) -> Any:
    """A MetaGraphDef without its graph."""
    parts = [buffer[p.begin : p.stop] for p in wire.fields(buffer, start, stop) if p.number != 2]
    return tensorflow("tensorflow.core.protobuf.meta_graph_pb2").MetaGraphDef.FromString(b"".join(parts))


def _binary_meta(buffer: mmap.mmap, start: int, stop: int) -> tuple[Any, Model]:
    rest = _rest_of_meta(buffer, start, stop)
    for part in wire.fields(buffer, start, stop):
        if part.number == 2:
            wire.expect(part, wire.BYTES)
            return rest, _binary_graph(buffer, part.start, part.stop)
    return rest, Model([])


def _binary_graph(buffer: mmap.mmap, start: int, stop: int | None) -> Model:
    graph_pb2 = tensorflow("tensorflow.core.framework.graph_pb2")
    nodes, rest = [], []
    for part in wire.fields(buffer, start, len(buffer) if stop is None else stop):
        if part.number != 1:
            rest.append(buffer[part.begin : part.stop])
            continue
        wire.expect(part, wire.BYTES)
        node = large_constant(buffer, part) if part.stop - part.start > IN_PLACE else None
        nodes.append(node or tf_node(node_def(buffer[part.start : part.stop])))
    return Model(nodes, _functions(graph_pb2.GraphDef.FromString(b"".join(rest)).library))


def _of_meta(meta: Any) -> Model:
    return Model([tf_node(node) for node in meta.graph_def.node], _functions(meta.graph_def.library))


def _functions(library: Any) -> dict[str, Any]:
    return {function.signature.name: function for function in library.function}


def _sign(model: Model, meta: Any) -> None:
    signatures = {k: s for k, s in meta.signature_def.items() if not k.startswith("__") and s.outputs}
    found = signatures.get("serving_default") or (next(iter(signatures.values())) if len(signatures) == 1 else None)
    if found is not None:
        model.inputs = [info.name for _, info in sorted(found.inputs.items())]
        model.outputs = {key: info.name for key, info in sorted(found.outputs.items())}

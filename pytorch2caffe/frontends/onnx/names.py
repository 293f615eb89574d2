"""Names of layers: the path of the module that an ONNX node originates from, as its exporter wrote it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from .files import plain_domain

WEIGHTED = {"Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization", "PRelu"}


class Origin(NamedTuple):
    """Where a node comes from: the path of its module, whether known, and the line of the model, or ""."""

    module: str
    known: bool
    line: str


def module_path(name: str) -> str:
    """The path of the module in a node's name of torch.onnx, without the operator.

    >>> module_path("/model.0/conv/Conv"), module_path("/layer1/layer1.0/conv1/Conv"), module_path("/Flatten")
    ('model.0.conv', 'layer1.0.conv1', '')
    """
    path: list[str] = []
    for segment in name.strip("/").split("/")[:-1]:
        if path and segment.startswith(f"{path[-1]}."):
            path[-1] = segment
        elif segment:
            path.append(segment)
    return ".".join(path)


def origin_of(node: Any, constants: Any) -> Origin:
    """The origin of a node, from its metadata, its name or the names of its weights."""
    metadata = {entry.key: entry.value for entry in node.metadata_props}
    line = _line(metadata.get("pkg.torch.onnx.stack_trace", ""))
    weight = node.input[1] if node.op_type in WEIGHTED and len(node.input) > 1 else ""
    if weight.endswith(".weight") and weight in constants:
        return Origin(weight.removesuffix(".weight"), True, line)
    scopes = _scopes(metadata.get("pkg.torch.onnx.name_scopes", ""))
    if len(scopes) > 1:
        return Origin(scopes[-2], True, line)
    if "/" in node.name:
        return Origin(module_path(node.name), True, line)
    return Origin("", False, line)


def _scopes(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(scope) for scope in found] if isinstance(found, list) else []


def _line(trace: str) -> str:
    """The innermost line of the model itself in a stack trace: "resnet.py:92"."""
    lines = re.findall(r'File "(.*?)", line (\d+)', trace)
    own = [f"{PurePath(file).name}:{number}" for file, number in lines if "torch" not in PurePath(file).parts]
    return own[-1] if own else ""


def scopes_of(nodes: Sequence[Any], constants: Any) -> list[tuple[str, Origin]]:
    """The scope of each node, after which its layers are named, and its origin.

    The module's path alone where the module has no other inside; else the path and the operator. A node whose file
    knows no modules has its own name, or the name of its first output.
    """
    origins = [origin_of(node, constants) for node in nodes]
    inner = {origin.module.rpartition(".")[0] for origin in origins if origin.module}
    for path in list(inner):
        while path:
            inner.add(path)
            path = path.rpartition(".")[0]
    found = []
    for node, origin in zip(nodes, origins, strict=True):
        operator = node.op_type.lower()
        if origin.module and origin.module not in inner:
            scope = origin.module
        elif origin.known:
            scope = f"{origin.module}.{operator}" if origin.module else operator
        else:
            scope = clean(node.name or next(iter(node.output), "") or operator)
        found.append((clean(scope), origin))
    return found


def clean(name: str) -> str:
    """A name that every consumer of Caffe files accepts: no white space or control characters, dots for slashes."""
    text = "".join("_" if c.isspace() or not c.isprintable() else c for c in name)
    return text.strip("/").replace("/", ".") or "unnamed"


def where_of(node: Any, opsets: Mapping[str, int], line: str = "") -> str:
    """The node in a message: its name, operator, opset, and the line of the model if the file has it."""
    domain = plain_domain(node.domain)
    name = node.name or next(iter(node.output), "")
    version = f"{domain or 'opset'} {opsets.get(domain, 1)}"
    return f"node {name!r} ({node.op_type}, {version}{f', {line}' if line else ''})"

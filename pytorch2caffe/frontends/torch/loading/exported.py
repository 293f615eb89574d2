"""Loads programs that torch.export.save wrote, after a check that nothing in the archive would run as Python.

torch.export.load falls back to a pickle of any class, evaluates the sizes as Python, prints the names of the inputs
into source that it executes, and loads shared libraries. What such places contain is checked first.
Source: torch/_export/serde/serialize.py, torch/export/pt2_archive/_package.py, torch/export/_unlift.py.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import logging
import math
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from ....errors import ConversionError, reading
from .safe_unpickler import check_archive

_MOST_JSON = 256 << 20
_LONGEST_EXPRESSION = 10_000
_TARGET = re.compile(
    r"torch\.ops\.(aten|prims|prim|higher_order|torchvision|quantized|quantized_decomposed)(\.[a-zA-Z]\w*|\._[a-z]\w*)+"
    r"|torch\._?sym_\w+|(_operator|math)\.[a-z]\w*"
)
_FILE_ACCESS = re.compile(r"\.(from_file|save|load|open|call_torchbind|run_with_\w+|\w*triton\w*|\w*delegate\w*)\b")
_IDENTIFIER = re.compile(r"(?:[^\W\d]\w*)?")
_HARMLESS = re.compile(r"[\w .,:;+\-/<>@*|#]*")
_IDENTIFIERS = {"name", "as_name"}
_TREES = {"in_spec", "out_spec"}
_SIZES_OF_SYMPY = {
    *("Symbol", "Integer", "Rational", "Float", "Add", "Mul", "Pow", "Max", "Min", "Abs", "Mod", "floor", "ceiling"),
    *("Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan"),
    *("GreaterThan", "And", "Or", "Not", "FloorDiv", "ModularIndexing", "Where", "PythonMod", "CleanDiv", "CeilToInt"),
    *("FloorToInt", "CeilDiv", "LShift", "RShift", "PowByNatural", "FloatPow", "FloatTrueDiv", "IntTrueDiv"),
    *("IsNonOverlappingAndDenseIndicator", "TruncToFloat", "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat"),
    *("Identity", "BooleanTrue", "BooleanFalse"),
}
_SIZES_OF_GUARDS = {"size", "stride", "dim", "numel", "isnan"}
_NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call),
    *(ast.keyword, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.Subscript, ast.Attribute),
)


def load_exported(path: Path, trust: bool = False) -> Callable[..., Any]:
    """The program in a file of torch.export.save, as a module.

    trust: load an archive that may run code as Python too.

    Raises ConversionError for a damaged file, and for one that may run code.
    """
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    check_archive(path)
    logs = _unlogged("torch.export", "torch._export.serde.serialize")
    with logs, reading(path, "an exported program", "write it with torch.export.save"):
        if not trust:
            _check(path)
        return torch.export.load(path).module()


@contextlib.contextmanager
def _unlogged(*names: str) -> Iterator[None]:
    """A scope without the exceptions that torch logs, at length, before it raises them."""
    logs = [log for log in map(logging.getLogger, names) if not log.disabled]
    for log in logs:
        log.disabled = True
    try:
        yield
    finally:
        for log in logs:
            log.disabled = False


class _MayRunCode(ConversionError):
    """A part of an archive that may run code: args[0] says which."""


def _check(path: Path) -> None:
    """Raises ConversionError if torch.export.load might run code of an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            if len(sizes) < len(archive.infolist()):
                raise _MayRunCode("has two members of one name")
            for name in sizes:
                _check_member(archive, name, sizes)
    except _MayRunCode as error:
        raise ConversionError(
            f"{path} {error}: loading it may run code\n"
            "  fix: export the model again, or give --trust if you know who wrote the file"
        ) from error


def _check_member(archive: zipfile.ZipFile, name: str, sizes: dict[str, int]) -> None:
    base = name.rpartition("/")[2]
    if name.endswith(".json"):
        if sizes[name] > _MOST_JSON:
            raise ConversionError(f"{name} has {sizes[name]:,} bytes, which no program needs")
        content = json.loads(archive.read(name))
        _check_value(content, "")
        if base.endswith("_config.json"):
            _check_payload(content, name, sizes)
    elif base.endswith((".pt", ".pkl", ".pickle")):
        data = archive.read(name)
        try:
            if data:
                torch.load(io.BytesIO(data), weights_only=True)
        except Exception as error:  # whatever it is: torch.export would read it again without the limit
            raise _MayRunCode(f"has a pickle of other than tensors, {base}") from error
    elif base.startswith(("custom_obj", "opaque_obj")) or base.endswith((".so", ".dll", ".dylib", ".pyd", ".cubin")):
        raise _MayRunCode(f"contains {base}, which is not a tensor")


def _check_payload(content: Any, name: str, sizes: dict[str, int]) -> None:
    """Tensors are stored as bytes, of which there are as many as their size says."""
    folder = name.rpartition("/")[0]
    for key, payload in content["config"].items():
        if payload["use_pickle"]:
            raise _MayRunCode(f"has a pickle of {key[:100]!r}")
        shape = [size["as_int"] for size in payload["tensor_meta"]["sizes"]]
        if math.prod(shape) and not sizes[f"{folder}/{payload['path_name']}"]:
            raise ConversionError(f"{key[:100]!r} of shape {shape} has no bytes")


def _check_value(value: Any, key: str) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            _check_text(name, "")
            if name != "metadata":  # source locations, which are only shown
                _check_value(each, name)
    elif isinstance(value, list):
        for each in value:
            _check_value(each, key)
    elif isinstance(value, str):
        _check_text(value, key)


def _check_text(text: str, key: str) -> None:
    if key == "expr_str":
        allowed = _is_arithmetic(text, _SIZES_OF_SYMPY)
    elif key == "guards_code":
        allowed = _is_arithmetic(text, _SIZES_OF_GUARDS)
    elif key == "target":
        allowed = bool(_TARGET.fullmatch(text)) and not _FILE_ACCESS.search(text)
    elif key in _TREES or text[:1] in "[{" and text:
        allowed = _is_tree(json.loads(text)) if text else True
    elif key in _IDENTIFIERS:
        allowed = bool(_IDENTIFIER.fullmatch(text))
    else:
        allowed = bool(_HARMLESS.fullmatch(text))
    if not allowed:
        raise _MayRunCode(f"has {text[:100]!r} as {key or 'a name'}")


def _is_tree(value: Any) -> bool:
    """Whether a description of nested inputs imports nothing: a defaultdict and an enum name a module."""
    if isinstance(value, dict):
        module = value.get("default_factory_module", "builtins")
        return module == "builtins" and "__enum__" not in value and all(map(_is_tree, [*value, *value.values()]))
    if isinstance(value, list):
        return all(map(_is_tree, value))
    if isinstance(value, str) and value[:1] in ("[", "{", '"'):
        return _is_tree(json.loads(value))  # a context is JSON within JSON
    return not isinstance(value, str) or bool(_HARMLESS.fullmatch(value))


def _is_arithmetic(text: str, functions: set[str]) -> bool:
    """Whether a text is arithmetic and comparisons of numbers, names and these functions."""
    if len(text) > _LONGEST_EXPRESSION:
        return False
    try:
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return all(isinstance(node, _NODES) and _is_plain(node, functions) for node in nodes)


def _is_plain(node: ast.AST, functions: set[str]) -> bool:
    """Whether a node of an expression calls no other function, and is no power that has no end."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        powers = name in ("Pow", "PowByNatural", "LShift", "FloatPow")
        return name in functions and not (powers and _large(node.args[-1:]))
    if isinstance(node, ast.Attribute):
        return node.attr in functions
    if isinstance(node, ast.BinOp):
        return not (isinstance(node.op, (ast.Pow, ast.LShift)) and _large([node.right]))
    return not isinstance(node, ast.Constant) or bool(_HARMLESS.fullmatch(str(node.value)))


def _large(exponents: list[ast.expr]) -> bool:
    numbers = [each.value for node in exponents for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return not exponents or any(not isinstance(number, int) or abs(number) > 64 for number in numbers)

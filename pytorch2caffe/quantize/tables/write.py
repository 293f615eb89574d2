"""The content of another tool's table."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from ...errors import ConversionError
from ..result import JobResult

NCNN, ONNX, TENSORRT = "ncnn", "onnx", "tensorrt"
FORMATS = (NCNN, TENSORRT, "mnn", ONNX, "tengine")
VERSION = "8.6.1"  # of TensorRT, unless another is given


def content_of(name: str, result: JobResult) -> bytes:
    """The file of a format other than ncnn's. Raises Refused if it cannot express the network.

    name: of FORMATS; tensorrt:10.3.0 is for this version.
    """
    tool, _, version = name.partition(":")
    module = import_module(f".{tool}", __package__)
    if tool == TENSORRT:
        return str(module.text(result, version or VERSION)).encode()
    return module.content(result) if tool == ONNX else str(module.text(result)).encode()  # type: ignore[no-any-return]


def check_format(name: str, path: str | Path) -> None:
    """Raises ConversionError if there is no such format, or its tool does not read files of this name."""
    if name not in FORMATS and not re.fullmatch(rf"{TENSORRT}:\d+(\.\d+){{1,3}}", name):
        raise ConversionError(f"there is no table format {name!r}: use {', '.join(FORMATS)} or tensorrt:10.3.0")
    if name == "mnn" and Path(path).suffix != ".json":
        raise ConversionError(f"{path}: MNN reads JSON only from a file named .json\n  fix: use -o NAME.json")

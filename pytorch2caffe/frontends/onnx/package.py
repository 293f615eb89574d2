"""The onnx package, which parses files; imported when it is used."""

from __future__ import annotations

import importlib
from typing import Any

from ...errors import ConversionError


def onnx(module: str = "") -> Any:
    """A module of the onnx package. Raises ConversionError that says what to install if it is missing."""
    try:
        return importlib.import_module(f"onnx.{module}" if module else "onnx")
    except ImportError as error:
        raise ConversionError("reading ONNX needs the onnx package: pip install 'pytorch2caffe[onnx]'") from error

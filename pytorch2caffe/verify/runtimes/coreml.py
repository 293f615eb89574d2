"""The Caffe converter of coremltools 4, in a Python of its own."""

from __future__ import annotations

import os
import shlex

from .converter import ConverterRuntime, ConverterWorker

VARIABLE = "PYTORCH2CAFFE_COREML_PYTHON"


class CoremlRuntime(ConverterRuntime):
    """coremltools converts; onnxmltools and onnxruntime run its neural network, since Core ML needs macOS.

    command: starts a Python 3.8 with coremltools 4.1, onnxmltools 1.7 and onnxruntime; by default that in the
             environment variable PYTORCH2CAFFE_COREML_PYTHON.
    """

    name = "coreml"
    install_hint = (
        "install it in a Python 3.8, pip install coremltools==4.1 onnxmltools==1.7.0 'onnx<1.12' 'onnxruntime<1.15' "
        f"'protobuf<3.20', and give the command of that Python: --coreml-python \"COMMAND\" or {VARIABLE}"
    )

    def __init__(self, command: str | None = None) -> None:
        named = command or os.environ.get(VARIABLE)
        self.worker = ConverterWorker("coreml", "coremltools", "coremltools", shlex.split(named)) if named else None

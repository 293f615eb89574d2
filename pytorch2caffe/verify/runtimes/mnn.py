"""MNN, which has a converter of Caffe files."""

from __future__ import annotations

import importlib.util
import sys

from .converter import ConverterRuntime, ConverterWorker

INSTALL_HINT = 'install MNN: pip install "pytorch2caffe[mnn]"'
PROGRESS = ("Start to", "inputTensors", "outputTensors", "MNN use", "The device", "Converted Success")


class MnnRuntime(ConverterRuntime):
    """The Python package MNN of this Python. It gives the output of an InnerProduct two axes of size 1 more."""

    name = "mnn"
    install_hint = INSTALL_HINT

    def __init__(self) -> None:
        self.worker = ConverterWorker("mnn", "MNN", "MNN", [sys.executable], here=True, progress=PROGRESS)

    def unavailable(self) -> str | None:
        """None if the package is installed; otherwise what to install."""
        return None if importlib.util.find_spec("MNN") else f"No module named 'MNN'; {self.install_hint}"

"""OpenVINO, whose Model Optimizer reads Caffe files up to version 2022.3, in a Python of its own."""

from __future__ import annotations

import os
import shlex

from .converter import ConverterRuntime, ConverterWorker

VARIABLE = "PYTORCH2CAFFE_OPENVINO_PYTHON"
PROGRESS = ("Check for a new version", "[ INFO ]", "Find more information", "[ SUCCESS ]")


class OpenvinoRuntime(ConverterRuntime):
    """Model Optimizer and OpenVINO's CPU device.

    command: starts a Python 3.8 to 3.10 with `openvino-dev[caffe]==2022.3.*`; by default that in the environment
             variable PYTORCH2CAFFE_OPENVINO_PYTHON.
    """

    name = "openvino"
    install_hint = (
        "install it in a Python 3.8 to 3.10, pip install 'openvino-dev[caffe]==2022.3.*', and give the command of "
        f'that Python: --openvino-python "COMMAND" or {VARIABLE}'
    )

    def __init__(self, command: str | None = None) -> None:
        named = command or os.environ.get(VARIABLE)
        self.worker = (
            ConverterWorker("openvino", "OpenVINO", "openvino", shlex.split(named), progress=PROGRESS)
            if named
            else None
        )

"""Converts and runs networks in MNN, one after another, for a client that is connected to stdin and stdout.

The messages are those of verify/caffe_worker.py; of the requests it answers "run". MNN prints to stdout and may abort,
and its module MNN.tools sends a log of its use: this process imports the converter itself, which does not, and passes
what is printed to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

GREETING = "pytorch2caffe 1"
END_OF_OUTPUT = "-- end of what MNN has printed"


def main() -> None:
    """Answers requests until the end of input."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        import _tools
        import MNN
    except ImportError as error:
        _send(replies, {"worker": GREETING, "error": str(error)})
        return
    _send(replies, {"worker": GREETING, "mnn": MNN.version(), "python": sys.version.split()[0]})
    while line := requests.readline():
        header = json.loads(line)
        sections = [requests.read(size) for size in header["sizes"]]
        try:
            reply, arrays = _run(MNN, _tools, header, sections)
        except (RuntimeError, ValueError, TypeError) as error:
            reply, arrays = {"error": str(error)}, []
            os.write(2, END_OF_OUTPUT.encode() + b"\n")
        _send(replies, reply, arrays)


def _send(stream: IO[bytes], header: dict[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
    stream.write(json.dumps({**header, "sizes": [array.nbytes for array in arrays]}).encode() + b"\n")
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def _run(
    mnn: Any, tools: Any, header: dict[str, Any], sections: list[bytes]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Answers "run": the outputs in MNN, each under its name as layer and as top."""
    prototxt, caffemodel, *data = sections
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("net.prototxt", "net.caffemodel", "net.mnn")]
        Path(paths[0]).write_bytes(prototxt)
        Path(paths[1]).write_bytes(caffemodel)
        arguments = ["--prototxt", paths[0], "--modelFile", paths[1], "--MNNModel", paths[2], "--bizCode", "net"]
        if not tools.mnnconvert(["mnnconvert", "-f", "CAFFE", *arguments]) or not Path(paths[2]).exists():
            raise RuntimeError("its converter does not accept the files")
        network = mnn.Interpreter(paths[2])
    session = network.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
    inputs = network.getSessionInputAll(session)
    arrays = {
        name: np.frombuffer(part, "<f4").reshape(shape)
        for name, part, shape in zip(header["inputs"], data, header["shapes"], strict=True)
    }
    if set(arrays) != set(inputs):
        raise ValueError(f"the inputs are {sorted(inputs)}, not {sorted(arrays)}")
    for name, array in arrays.items():
        network.resizeTensor(inputs[name], array.shape)
    network.resizeSession(session)
    for name, array in arrays.items():
        inputs[name].copyFrom(_tensor(mnn, array.copy()))
    network.runSession(session)
    found = network.getSessionOutputAll(session)
    outputs = [_values(mnn, tensor) for tensor in found.values()]
    if empty := [name for name, array in zip(found, outputs, strict=True) if not array.size]:
        raise RuntimeError(f"it computes nothing for {', '.join(empty)}")
    return {"results": [[name, name] for name in found], "shapes": [array.shape for array in outputs]}, outputs


def _tensor(mnn: Any, array: np.ndarray) -> Any:
    return mnn.Tensor(array.shape, mnn.Halide_Type_Float, array, mnn.Tensor_DimensionType_Caffe)


def _values(mnn: Any, tensor: Any) -> np.ndarray:
    host = _tensor(mnn, np.zeros(tensor.getShape(), np.float32))
    tensor.copyToHostTensor(host)
    return np.array(host.getNumpyData(), np.float32).reshape(tensor.getShape())

"""Converts networks with a consumer's own converter of Caffe files and runs the results, for a client at stdin.

Needs numpy and the consumer's Python package, and imports nothing of this package: its text is passed to the Python
that has the consumer, which may be as old as 3.8. The messages are those of verify/caffe_worker.py; of the requests
it answers "run": an output of the network has its name as layer and as top, and if it has several names, the first as
layer and each as top. A converter may print to stdout
and may abort: what it prints goes to stderr. None of them is allowed to send a log of its use.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Arrays = dict[str, np.ndarray]
    Run = Callable[[str, str, Arrays], Arrays]

GREETING = "pytorch2caffe 1"
END_OF_OUTPUT = "-- end of what the converter has printed"
# Mistakes of a converter as well as its refusals; anything else ends the process, with its traceback on stderr.
FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def main(consumer: str) -> None:
    """Answers requests until the end of input. `consumer` is a key of CONSUMERS."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        version, run = CONSUMERS[consumer]()
    except ImportError as error:
        send(replies, {"worker": GREETING, "error": str(error)})
        return
    send(replies, {"worker": GREETING, consumer: version, "python": sys.version.split()[0]})
    while True:
        line = requests.readline()
        if not line:
            return
        header = json.loads(line)
        sections = [requests.read(size) for size in header["sizes"]]
        try:
            reply, arrays = answer(run, header, sections)
        except FAILURES as error:
            reply, arrays = {"error": str(error) or type(error).__name__}, []
        if "error" in reply:
            sys.stdout.flush()
            sys.stderr.flush()
            os.write(2, END_OF_OUTPUT.encode() + b"\n")
        send(replies, reply, arrays)


def send(stream: IO[bytes], header: dict[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
    """Writes a message."""
    stream.write(json.dumps(dict(header, sizes=[array.nbytes for array in arrays])).encode() + b"\n")
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def answer(run: Run, header: dict[str, Any], sections: list[bytes]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Answers "run"."""
    prototxt, caffemodel, *data = sections
    arrays = {
        name: np.frombuffer(part, "<f4").reshape(shape)
        for name, part, shape in zip(header["inputs"], data, header["shapes"])  # noqa: B905 - Python 3.9 lacks strict
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("net.prototxt", "net.caffemodel")]
        Path(paths[0]).write_bytes(prototxt)
        Path(paths[1]).write_bytes(caffemodel)
        outputs = run(paths[0], paths[1], arrays)
    empty = [name for name, array in outputs.items() if not array.size]
    if empty:
        raise RuntimeError(f"it computes nothing for {', '.join(empty)}")
    found = [np.ascontiguousarray(array, np.float32) for array in outputs.values()]
    first = {id(array): name for name, array in reversed(outputs.items())}
    results = [[first[id(array)], name] for name, array in outputs.items()]
    return {"results": results, "shapes": [array.shape for array in found]}, found


def check_inputs(wanted: Sequence[str], given: Arrays) -> None:
    """Raises ValueError unless these are the inputs."""
    if set(wanted) != set(given):
        raise ValueError(f"the inputs are {sorted(wanted)}, not {sorted(given)}")


def mnn() -> tuple[str, Run]:
    """MNN. Its module MNN.tools sends a log of its use; the converter itself, _tools, does not."""
    import _tools
    import MNN

    def tensor(array: np.ndarray) -> Any:
        return MNN.Tensor(array.shape, MNN.Halide_Type_Float, array, MNN.Tensor_DimensionType_Caffe)

    def values(found: Any) -> np.ndarray:
        host = tensor(np.zeros(found.getShape(), np.float32))
        found.copyToHostTensor(host)
        return np.array(host.getNumpyData(), np.float32).reshape(found.getShape())

    def run(prototxt: str, caffemodel: str, arrays: Arrays) -> Arrays:
        model = caffemodel + ".mnn"
        files = ["--prototxt", prototxt, "--modelFile", caffemodel, "--MNNModel", model, "--bizCode", "net"]
        if not _tools.mnnconvert(["mnnconvert", "-f", "CAFFE", *files]) or not Path(model).exists():
            raise RuntimeError("its converter does not accept the files")
        network = MNN.Interpreter(model)
        session = network.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
        inputs = network.getSessionInputAll(session)
        check_inputs(inputs, arrays)
        for name, array in arrays.items():
            network.resizeTensor(inputs[name], array.shape)
        network.resizeSession(session)
        for name, array in arrays.items():
            inputs[name].copyFrom(tensor(array.copy()))
        network.runSession(session)
        return {name: values(found) for name, found in network.getSessionOutputAll(session).items()}

    return MNN.version(), run


def openvino() -> tuple[str, Run]:
    """OpenVINO 2021.4 to 2022.3, the last with a converter of Caffe files. It works without its telemetry package."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    from openvino.runtime import Core, get_version
    from openvino.tools.mo import convert_model
    from openvino.tools.mo.utils.error import BasicError

    def run(prototxt: str, caffemodel: str, arrays: Arrays) -> Arrays:
        try:
            model = convert_model(caffemodel, input_proto=prototxt, silent=True)
        except BasicError as error:
            raise RuntimeError(str(error)) from error
        inputs = {port.get_any_name(): port for port in model.inputs}
        check_inputs(list(inputs), arrays)
        if any(list(inputs[name].shape) != list(array.shape) for name, array in arrays.items()):
            model.reshape({inputs[name]: list(array.shape) for name, array in arrays.items()})
        compiled = Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": "1", "ENFORCE_BF16": "NO"})
        results = compiled.infer_new_request(dict(arrays))
        found = [(port, results[port]) for port in compiled.outputs]
        return {name: array for port, array in found for name in sorted(port.get_names())}

    return get_version(), run


def coreml() -> tuple[str, Run]:
    """The converter of coremltools 4. Core ML runs on macOS alone: onnxmltools and onnxruntime run its network."""
    import coremltools
    import onnxmltools
    import onnxruntime
    from coremltools.converters import caffe
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, NotImplemented

    def run(prototxt: str, caffemodel: str, arrays: Arrays) -> Arrays:
        spec = caffe.convert((caffemodel, prototxt)).get_spec()
        check_inputs([one.name for one in spec.description.input], arrays)
        model = onnxmltools.convert_coreml(spec, "net")
        for node in model.graph.node:
            if node.op_type == "DynamicSlice":  # as onnxmltools writes a crop; ONNX has it as Slice since version 10
                node.op_type = "Slice"
        for opset in model.opset_import:
            opset.version = max(opset.version, 11)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        except (Fail, InvalidArgument, InvalidGraph, NotImplemented) as error:
            raise RuntimeError(f"onnxmltools' network is refused by onnxruntime: {error}") from error
        names = [one.name for one in spec.description.output]
        inputs = [one.name for one in session.get_inputs()]
        fed = dict(zip(inputs, (arrays[one.name] for one in spec.description.input)))  # noqa: B905
        return dict(zip(names, session.run(None, fed)))  # noqa: B905

    return coremltools.__version__, run


CONSUMERS: dict[str, Callable[[], Any]] = {"mnn": mnn, "openvino": openvino, "coreml": coreml}

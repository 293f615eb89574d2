"""Compares an ONNX model, run by onnxruntime, with its converted files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import FilePaths

from ..errors import ConversionError
from ..graph.graph import Graph
from .compare import Comparison
from .runtimes import RuntimeFailed, RuntimeUnavailable
from .verify import Reference, compare_with

INSTALL = "onnxruntime is not installed: pip install 'pytorch2caffe[onnx]'"
NUMPY_TYPES = {
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(bool)": np.bool_,
}


def verify_onnx(
    model: str | Path,
    prototxt: str | Path,
    caffemodel: FilePaths,
    inputs: Sequence[np.ndarray],
    runtime: str = "builtin",
    *,
    tolerance: float = 1e-4,
    caffe_python: str | None = None,
    command: str | None = None,
    histograms: bool = False,
) -> Comparison:
    """Runs an ONNX model in onnxruntime and its Caffe files on the same inputs and compares the outputs.

    inputs: an array for each input, in order; their shapes settle what the model leaves open.

    The other arguments are those of `verify`. Inner blobs are compared with the network as this package reads it, which
    shows where a difference begins. A quantized model is read as float, and its outputs are those of this network too.
    Raises RuntimeUnavailable or RuntimeFailed if onnxruntime or the runtime cannot run them.
    """
    from ..frontends.onnx.load import load_onnx

    graph = load_onnx(model, [array.shape for array in inputs])
    return compare_with(
        reference_of(graph, inputs, {} if graph.is_quantized else run_onnx(model, graph, inputs)),
        prototxt,
        caffemodel,
        runtime,
        tolerance=tolerance,
        command=caffe_python if runtime == "caffe" else command,
        histograms=histograms,
    )


def reference_of(graph: Graph, inputs: Sequence[np.ndarray], outputs: Mapping[str, np.ndarray]) -> Reference:
    """The values of a network on these inputs. outputs: those of its outputs that another runtime has computed."""
    from ..runtime.run import run

    def values(dtype: type[np.floating]) -> dict[str, np.ndarray]:
        fed = {value.name: np.asarray(array, dtype) for value, array in zip(graph.inputs, inputs, strict=True)}
        return {**fed, **{top: array for (_, top), array in run(graph, fed, dtype=dtype).items()}}

    found = values(np.float32)
    found |= {graph.outputs[name].name: array for name, array in outputs.items() if name in graph.outputs}
    return Reference(graph, found, lambda: values(np.float64))


def run_onnx(model: str | Path, graph: Graph, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a model by name, computed by onnxruntime on the CPU.

    graph: the network as `load_onnx` reads it, for whose inputs the arrays are.
    Raises RuntimeUnavailable if onnxruntime is not installed, RuntimeFailed if it cannot run the model.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeUnavailable(INSTALL) from error
    from ..frontends.onnx.names import clean

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    arrays = {value.name: array for value, array in zip(graph.inputs, inputs, strict=True)}
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        fed = {each.name: _array(each, arrays.get(clean(each.name))) for each in session.get_inputs()}
        names = [output.name for output in session.get_outputs()]
        results = session.run(names, fed)
    except Exception as error:
        if isinstance(error, (ConversionError, MemoryError)):
            raise
        raise RuntimeFailed(f"onnxruntime {onnxruntime.__version__}: {error}") from error
    return {name: np.asarray(array, np.float32) for name, array in zip(names, results, strict=True)}


def _array(info: Any, array: np.ndarray | None) -> np.ndarray:
    """The array of an input in the model's type; zeros for one that no output depends on."""
    if array is None:
        array = np.zeros([size if isinstance(size, int) else 1 for size in info.shape])
    return np.asarray(array).astype(NUMPY_TYPES.get(info.type, np.float32))

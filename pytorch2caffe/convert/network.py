"""A network to convert, with what computes its numbers: a PyTorch model, an ONNX file or Caffe files.

Reading Caffe files needs no torch, which is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from caffe_proto import FilePaths, weight_files

from ..graph.graph import Graph

if TYPE_CHECKING:
    from ..frontends.caffe.reading import CaffeReading
    from ..frontends.onnx.inputs import InputShapes
    from ..verify.verify import Reference

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Network:
    """A network as it was read.

    graph:     its layers.
    reference: gives its values for arrays by the names of the graph's inputs.
    what:      what computes these: "the model", "the ONNX model" or "the network".
    files:     the files that were read.
    is_caffe:  whether these are Caffe files.
    """

    graph: Graph
    reference: Callable[[Arrays], Reference]
    what: str
    files: tuple[Path, ...] = ()
    is_caffe: bool = False

    def changed(self, graph: Graph, in_float: Graph) -> Network:
        """The network with changed weights, to be compared with another graph of the same blobs."""
        return replace(self, graph=graph, reference=partial(_run_graph, in_float))


def of_model(model: Callable[..., Any], inputs: Any, naming: str = "modules") -> Network:
    """A PyTorch model; the arguments are those of `trace`."""
    from ..frontends.torch import trace  # with it comes torch

    return Network(trace(model, inputs, naming=naming), partial(_run_model, model, inputs, naming), "the model")


def of_onnx(model: str | Path, input_shapes: InputShapes | None = None) -> Network:
    """An ONNX file, run by onnxruntime where that is installed, else as it was read."""
    from ..frontends.onnx.load import load_onnx

    graph = load_onnx(model, input_shapes)
    return Network(graph, partial(_run_onnx, model, graph), "the ONNX model", (Path(model),))


def of_caffe(prototxt: str | Path, caffemodel: FilePaths, reading: CaffeReading | None = None) -> Network:
    """Caffe files, run by the built-in runtime; the arguments are those of `load_as`."""
    from ..frontends.caffe.reader import load_as
    from ..frontends.caffe.reading import CaffeReading

    graph = load_as(prototxt, caffemodel, reading or CaffeReading())
    files = (Path(prototxt), *weight_files(caffemodel))
    return Network(graph, partial(_run_graph, graph), "the network", files, True)


def _run_graph(graph: Graph, arrays: Arrays) -> Reference:
    from ..verify.compare_ncnn import reference_of_graph

    return reference_of_graph(graph, arrays)


def _run_model(model: Callable[..., Any], like: Any, naming: str, arrays: Arrays) -> Reference:
    import torch

    from ..frontends.torch.recording import record, record_in_float64
    from ..verify.verify import Reference

    likes = list(like) if isinstance(like, Sequence) else [like]
    tensors = tuple(
        torch.from_numpy(np.require(array, np.float32, ["C", "W"])).to(one.dtype)
        for array, one in zip(arrays.values(), likes, strict=True)
    )
    inputs: Any = tensors if isinstance(like, Sequence) else tensors[0]
    graph, values = record(model, inputs, naming=naming, keep=True)
    return Reference(graph, values, partial(record_in_float64, model, inputs, naming=naming))


def _run_onnx(model: str | Path, graph: Graph, arrays: Arrays) -> Reference:
    from ..verify.onnx_model import reference_of, run_onnx
    from ..verify.runtimes import RuntimeUnavailable

    inputs = list(arrays.values())
    outputs = {}
    if not graph.is_quantized:  # onnxruntime would round as the file says
        with suppress(RuntimeUnavailable):
            outputs = run_onnx(model, graph, inputs)
    return reference_of(graph, inputs, outputs)

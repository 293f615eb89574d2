"""Graph to an ONNX file, through torch.onnx."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch

from caffe_proto import atomic_files

from ...errors import ConversionError
from ...graph.graph import Graph
from ...passes.runner import transformed
from .names import name_after_layers
from .network import Network
from .passes import PASSES

OPSET = 18
INSTALL = "writing ONNX needs: pip install 'pytorch2caffe[onnx]'"
_MOST_BYTES = 2**31 - 1  # of a protobuf message


def save_onnx(graph: Graph, path: str | Path) -> None:
    """Writes a graph as an ONNX file, opset 18, float32, checked by onnx.checker with shape inference.

    path: NAME.onnx. Inputs, outputs, nodes, weights and the values between layers have the names of the graph.

    Raises UnsupportedError listing every layer that cannot be expressed, ConversionError if onnx is not installed, for
    weights beyond 2 GiB, and if torch.onnx or the checker refuses the network. Then nothing is written.
    """
    model = model_of(graph)
    with atomic_files(Path(path)) as (temporary,):
        temporary.write_bytes(model.SerializeToString())


def model_of(graph: Graph) -> Any:
    """The graph as an onnx.ModelProto; `save_onnx` describes it."""
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConversionError(INSTALL) from error
    graph = transformed(graph, PASSES)
    if sum(blob.nbytes for node in graph.nodes for blob in node.blobs) > _MOST_BYTES:
        raise ConversionError("the weights have more than 2 GiB, the most that an ONNX file holds")
    model = _exported(graph)
    name_after_layers(model, graph)
    model.graph.name = graph.name
    model.producer_name = "pytorch2caffe"
    model.producer_version = ""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ConversionError(f"the ONNX file would not be valid: {error}") from error
    return model


def _exported(graph: Graph) -> Any:
    inputs = tuple(torch.zeros(value.shape) for value in graph.inputs)
    with _quiet():
        try:
            program = torch.onnx.export(
                Network(graph).eval(),
                inputs,
                dynamo=True,
                opset_version=OPSET,
                verbose=False,
                input_names=[value.name for value in graph.inputs],
                output_names=list(graph.outputs),
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise ConversionError(f"torch.onnx cannot write this network: {str(error)[:500]}") from error
    assert program is not None
    return program.model_proto


@contextlib.contextmanager
def _quiet() -> Any:
    """A scope in which the exporter reports through exceptions only."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

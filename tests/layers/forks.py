"""Layers of Caffe's forks, judged by given numbers, and in the plain layers that they become by runtimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import caffe_proto
from pytorch2caffe import load_caffe, save_caffe, to_torch
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import TOLERANCE, caffe_text, relative_l2

RUNTIMES = ("caffe", "opencv", "ncnn")


@pytest.fixture
def means(tmp_path: Path, real_caffe: Any) -> Callable[..., Graph]:
    """Asserts what layers written by hand give, in PyTorch and, lowered to plain layers, in other runtimes."""

    def check(
        layers: str,
        *expected: np.ndarray,
        weights: Mapping[str, Sequence[np.ndarray]] | None = None,
        runtimes: Sequence[str] = RUNTIMES,
        **inputs: np.ndarray,
    ) -> Graph:
        """expected: the outputs. weights: blobs by layer. runtimes: those that run it in plain layers too."""
        arrays = {name: np.asarray(array, np.float32) for name, array in inputs.items()}
        files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
        files[0].write_text(caffe_text(layers, **{name: array.shape for name, array in arrays.items()}))
        caffemodel = None
        if weights is not None:
            caffemodel = write_weights(*files, weights)
        graph = load_caffe(files[0], caffemodel)
        with torch.no_grad():
            found = to_torch(graph)(*(torch.from_numpy(arrays[value.name]) for value in graph.inputs))
        for array, wanted in zip(found if isinstance(found, tuple) else [found], expected, strict=True):
            assert relative_l2(array.numpy(), wanted) < TOLERANCE
        for runtime in runtimes:
            in_plain_layers(runtime, graph, tmp_path, arrays, expected)
        return graph

    return check


def write_weights(prototxt: Path, path: Path, weights: Mapping[str, Sequence[np.ndarray]]) -> Path:
    """A caffemodel of these blobs, by layer."""
    net = caffe_proto.read_prototxt(prototxt).net
    blobs = [[np.asarray(blob, np.float32) for blob in weights.get(layer.name, ())] for layer in net.layer]
    caffe_proto.write_caffemodel(net, blobs, path)
    return path


def in_plain_layers(
    runtime: str, graph: Graph, folder: Path, inputs: Mapping[str, np.ndarray], expected: Sequence[np.ndarray]
) -> None:
    """Asserts that a graph, written for a runtime, gives its outputs there; ncnn gets one sample."""
    if reason := get(runtime).unavailable():
        pytest.skip(f"{runtime}: {reason}")
    files = folder / f"{runtime}.prototxt", folder / f"{runtime}.caffemodel"
    fed = {value.name: inputs[value.name] for value in graph.inputs}
    if runtime == "ncnn":
        written = save_ncnn(graph, folder / "net")
        blobs = {written.inputs[name]: array for name, array in fed.items()}
        results = get("ncnn").run(folder / "net.param", folder / "net.bin", blobs)
        names = list(written.outputs.values())
    else:
        lowered = save_caffe(graph, *files, dialect=runtime)
        results = get(runtime).run(*files, fed, {value.name for value in lowered.outputs.values()})
        names = [value.name for value in lowered.outputs.values()]
    tops = {top: array for (_, top), array in results.items()}
    for name, wanted in zip(names, expected, strict=True):
        assert relative_l2(tops[name].reshape(wanted.shape), wanted) < TOLERANCE, runtime

"""Writing a graph takes time linear in its layers: counted in lines of Python that run, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from pytorch2caffe import generate, save_caffe, save_ir
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.passes import after_lowering
from pytorch2caffe.backends.ncnn import passes as ncnn
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.backends.torch.passes import PASSES
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.convolution.convolution import Convolution
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.layers.normalization.batch_norm import BatchNorm
from pytorch2caffe.layers.shape.pad import Pad
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.fold_pads import fold_pads
from pytorch2caffe.passes.merge_permutes import merge_permutes
from pytorch2caffe.passes.runner import name_of
from tests.passes.graphs import Net

PACKAGE = str(Path(sys.modules["pytorch2caffe"].__file__ or "").parent)
FEW = 12


def chain(count: int) -> Graph:
    """`count` times Pad, Convolution, BatchNorm, Scale, ReLU, Power, Power; every other value cut off is an output."""
    net = Net(1, 2, 4, 4)
    y, outputs = net.x, []
    for number in range(count):
        net.scope = f"block{number}"
        y = net.add(Pad((0, 0, 0, 0), (0, 0, 1, 1)), y, name="pad")
        y = net.add(Convolution(2, (2, 2)), y, blobs=[net.random(2, 2, 2, 2), net.random(2)], name="conv")
        y = net.add(BatchNorm(), y, blobs=[net.random(2), net.random(2), np.ones(1)], name="bn")
        y = net.add(Scale(), y, blobs=[net.random(2)], name="scale")
        y = net.add(ReLU(), y, name="relu")
        y = net.add(Power(scale=2.0), net.add(Power(scale=-1.0), y, name="minus"), name="twice")
        _, other = net.add(Slice(1, (1,)), y, name="cut")
        outputs += [other] if number % 2 else []
    return net.done(y, *outputs)


def lines(function: Callable[[], Any]) -> int:
    """How many lines of this package run, each turn of a loop counted."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


BACKENDS: dict[str, Callable[[Graph, Path], Any]] = {
    "caffe": lambda graph, folder: save_caffe(graph, folder / "n.prototxt", folder / "n.caffemodel", fold_bn=True),
    "ncnn": lambda graph, folder: save_ncnn(graph, folder / "n", fold=True),
    "mmdnn": lambda graph, folder: save_ir(graph, folder / "n"),
    "torch": lambda graph, _: generate(graph),
}


@pytest.mark.slow
@pytest.mark.parametrize("save", BACKENDS.values(), ids=BACKENDS)
def test_as_many_more_lines_for_as_many_more_layers(save, tmp_path) -> None:
    graphs = [chain(FEW * times) for times in (1, 2, 3)]
    save(graphs[0], tmp_path)  # caches
    few, more, most = (lines(lambda graph=graph: save(graph, tmp_path)) for graph in graphs)
    assert most - more <= 1.02 * (more - few)  # 5/3 if it were quadratic


@pytest.mark.parametrize("save", BACKENDS.values(), ids=BACKENDS)
def test_producers_and_consumers_are_not_gathered_for_each_node(save, tmp_path, monkeypatch) -> None:
    counts = []
    for name in ("producers", "consumers"):
        gather = getattr(Graph, name)
        monkeypatch.setattr(Graph, name, lambda graph, gather=gather: counts.append(1) or gather(graph))
    save(chain(FEW), tmp_path)
    once = len(counts)
    save(chain(2 * FEW), tmp_path)
    assert len(counts) == 2 * once


class Unsearched(list):  # type: ignore[type-arg]
    """Nodes that may be gone through and replaced as a whole, but not searched one by one."""

    def remove(self, item: Any) -> None:
        raise AssertionError("list.remove searches the list")

    index = insert = __contains__ = remove  # type: ignore[assignment]


@pytest.mark.parametrize(
    "run",
    [*after_lowering(dialect("caffe"), fold_bn=True), *PASSES, *ncnn.before_lowering(), fold_pads, merge_permutes],
    ids=name_of,
)
def test_the_list_of_nodes_is_not_searched(run) -> None:
    graph = chain(2)
    graph.nodes = Unsearched(graph.nodes)
    run(graph)
    graph.validate()

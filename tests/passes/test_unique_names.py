"""Layers of one name, which Caffe accepts in a file."""

from __future__ import annotations

import numpy as np

from pytorch2caffe import load_caffe, save_caffe
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.passes.unique_names import unique_names
from pytorch2caffe.runtime.run import run
from tests.passes.graphs import Net

TWINS = """
input: "data" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
layer { name: "act" type: "ReLU" bottom: "data" top: "a" }
layer { name: "act_1" type: "AbsVal" bottom: "a" top: "b" }
layer { name: "act" type: "TanH" bottom: "b" top: "c" }
"""


def test_the_first_keeps_its_name_and_the_others_get_free_ones() -> None:
    net = Net(1, 4)
    y = net.x
    for name in ("a", "a_1", "a", "a"):
        y = net.add(ReLU(), y, name=name)
    graph = net.done(y)
    for node, name in zip(graph.nodes, ("a", "a_1", "a", "a"), strict=True):
        node.name = name
    unique_names(graph)
    graph.validate()
    assert [node.name for node in graph.nodes] == ["a", "a_1", "a_2", "a_3"]
    assert [node.label for node in graph.nodes] == ["", "", "a", "a"]


def test_files_with_such_layers_are_read_and_written_and_results_have_the_names_of_the_file(tmp_path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(TWINS)
    graph: Graph = load_caffe(path)
    graph.validate()
    assert list(run(graph, {"data": np.zeros((1, 2, 4, 4))})) == [("act", "a"), ("act_1", "b"), ("act", "c")]
    written = save_caffe(graph, tmp_path / "new.prototxt", tmp_path / "new.caffemodel")
    assert [node.name for node in written.nodes] == ["act", "act_1", "act_2"]

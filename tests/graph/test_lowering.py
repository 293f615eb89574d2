"""The lowering engine: what is written in other layers keeps its names, and new layers get free ones."""

from __future__ import annotations

import pytest

from pytorch2caffe import save_caffe
from pytorch2caffe.graph.graph import Graph, Node, Value
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.indexing.strided_slice import StridedSlice


@pytest.mark.parametrize("name", ["cut.slice", "cut.slice.0", "cut.slice.1", "cut.slice_1.1"])
@pytest.mark.parametrize("layer_too", [False, True])
def test_new_layers_and_values_get_names_that_no_other_has(name, layer_too, tmp_path) -> None:
    x, part, y = Value("data", (1, 4, 9, 9)), Value("cut", (1, 4, 3, 3)), Value(name, (1, 4, 3, 3))
    cut = Node("cut", StridedSlice((0, 0, 1, 1), (1, 4, 4, 4), (1, 1, 1, 1)), [x], [part])
    graph = Graph("net", [x], {"y": y}, [cut, Node(name if layer_too else "relu", ReLU(), [part], [y])])
    written = save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    written.validate()
    assert written.nodes[-1].name == graph.nodes[-1].name
    assert written.outputs["y"].name == name
    assert [node.layer.type for node in written.nodes if node.outputs] == ["Slice", "Slice", "ReLU"]

"""Names as in PytorchToCaffe."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.legacy_names import legacy_names
from tests.passes.graphs import Net, applied


def test_layers_are_numbered_by_kind_and_their_values_after_them() -> None:
    net = Net(1, 4)
    net.scope = "features"
    first, second = net.add(Slice(1, (2,)), net.add(ReLU(), net.x, name="0"), name="1")
    after = applied(legacy_names, net.done(net.add(ReLU(), first, name="2"), second))
    assert [node.name for node in after.nodes] == ["relu1", "split1", "relu2"]
    assert [value.name for value in after.values()] == [
        "x",
        "relu_blob1",
        "split_blob1_0",
        "split_blob1_1",
        "relu_blob2",
    ]
    assert list(after.outputs) == ["y", "y1"]


def test_outputs_that_are_named_after_a_value_are_renamed_with_it() -> None:
    net = Net(1, 4)
    y = net.add(ReLU(), net.x, name="activation")
    graph = net.done(y)
    graph.outputs = {y.name: y}
    assert list(applied(legacy_names, graph).outputs) == ["relu_blob1"]


def test_an_input_of_such_a_name_keeps_it() -> None:
    net = Net(1, 4)
    net.x.name = "relu_blob1"
    after = applied(legacy_names, net.done(net.add(ReLU(), net.x)))
    assert [value.name for value in after.values()] == ["relu_blob1", "relu_blob1_1"]

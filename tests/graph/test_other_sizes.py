"""Whether a network accepts another batch, height or width."""

from __future__ import annotations

from pytorch2caffe.graph.other_sizes import fixed_by, freedom
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.runtime.infer import infer
from tests.passes.graphs import Net


def test_all_are_free() -> None:
    net = Net(1, 2, 8, 8)
    graph = net.done(net.add(Flatten(), net.add(ReLU(), net.x)))
    assert fixed_by(graph, infer) == {}
    assert freedom(graph, infer) == "batch, height and width may be changed"


def test_a_layer_that_fixes_the_height_and_the_width() -> None:
    net = Net(1, 2, 8, 8)
    graph = net.done(net.add(Reshape((0, 4, 32)), net.x, name="tokens"))
    expected = "batch may be changed; height and width are fixed by tokens (Reshape)"
    assert freedom(graph, infer) == expected


def test_a_layer_that_fixes_the_batch() -> None:
    net = Net(1, 2, 8, 8)
    graph = net.done(net.add(Reshape((1, -1, 8, 8)), net.add(Reshape((2, 1, 8, 8)), net.x, name="images"), name="back"))
    assert list(fixed_by(graph, infer)) == ["batch", "height", "width"]

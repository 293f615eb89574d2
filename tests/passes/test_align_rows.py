"""One shape for what is computed row by row."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.activation.softmax import Softmax
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.normalization.mvn import MVN
from pytorch2caffe.layers.shape.concat import Concat
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.align_rows import align_rows
from tests.passes.graphs import Net, applied, types


def everything(layer, inputs) -> bool:
    return True


def aligned(net: Net, *outputs, takes=everything):
    return applied(lambda graph: align_rows(graph, takes), net.done(*outputs), tolerance=1e-6)


def normalised(net: Net, x, *, name: str = ""):
    """As LayerNorm is lowered: MVN needs the rows apart."""
    y = net.add(MVN(normalize_variance=False), net.add(Reshape((0, 6, 1, 4)), x), name=name)
    return net.add(Reshape((0, 2, 3, 4)), y)


def linear(net: Net, x):
    return net.add(InnerProduct(4, True, 3), x, blobs=[net.random(4, x.shape[-1]), net.random(4)])


def test_residual_blocks_of_tokens() -> None:
    net = Net(5, 2, 3, 4)
    x = net.x
    for _ in range(3):
        scaled = net.add(Scale(3, 1, True), normalised(net, x), blobs=[net.random(4), net.random(4)])
        x = net.add(Eltwise(), x, net.add(ReLU(), linear(net, scaled)))
    graph = aligned(net, x)
    block = ["MVN", "Scale", "InnerProduct", "ReLU", "Eltwise"]
    assert types(graph) == ["Reshape", *block, *block, *block, "Reshape"]
    assert graph.nodes[3].outputs[0].shape == (5, 6, 1, 4)
    assert graph.nodes[3].layer.axis == 3
    assert {node.outputs[0].name for node in graph.nodes} >= {n.outputs[0].name for n in net.graph.nodes if n.blobs}


def test_layers_along_the_last_axis() -> None:
    net = Net(1, 6, 4)
    x = net.add(Reshape((0, 6, 1, 4)), net.x)
    x = net.add(Reshape((0, 6, 4)), net.add(MVN(normalize_variance=False), x))
    parts = net.add(Slice(2, (1,)), net.add(Softmax(2), x))
    y = net.add(Concat(2), *parts[::-1], x)
    y = net.add(MVN(normalize_variance=False), net.add(Reshape((0, 6, 1, 8)), y))
    graph = aligned(net, y)
    assert types(graph) == ["Reshape", "MVN", "Softmax", "Slice", "Concat", "MVN"]
    assert [node.layer.axis for node in graph.nodes[2:5]] == [3, 3, 3]


def test_a_reshape_of_other_rows_is_written_once() -> None:
    net = Net(1, 24)
    x = net.add(Reshape((0, 2, 3, 4)), net.x)
    y = net.add(Reshape((0, 3, 8)), normalised(net, x))
    assert types(aligned(net, y)) == ["Reshape", "MVN", "Reshape"]


def test_an_output_keeps_its_shape_and_name() -> None:
    net = Net(1, 2, 3, 4)
    inner = linear(net, normalised(net, net.x))
    graph = aligned(net, inner, normalised(net, net.add(ReLU(), normalised(net, inner))))
    assert types(graph) == ["Reshape", "MVN", "InnerProduct", "Reshape", "MVN", "ReLU", "MVN", "Reshape"]
    assert graph.outputs["y"].name == inner.name
    assert graph.outputs["y"].shape == (1, 2, 3, 4)


def test_what_stays() -> None:
    net = Net(1, 2, 3, 4)
    y = normalised(net, linear(net, normalised(net, net.x)))
    before = types(net.graph)
    assert types(aligned(net, y, takes=lambda layer, _: not isinstance(layer, InnerProduct))) == before
    fixed = Net(1, 2, 3, 4)
    y = normalised(fixed, linear(fixed, normalised(fixed, fixed.x)))
    for value in fixed.graph.values():
        value.fixed = frozenset({2})
    assert types(aligned(fixed, y)) == before
    once = Net(1, 2, 3, 4)
    y = normalised(once, once.x)
    assert types(aligned(once, y)) == ["Reshape", "MVN", "Reshape"]
    batch = Net(2, 3, 4)
    x = batch.add(ReLU(), batch.add(Reshape((6, 4)), batch.x))
    assert types(aligned(batch, batch.add(Reshape((2, 3, 4)), x))) == ["Reshape", "ReLU", "Reshape"]

"""Reshapes that fit other batches and sizes."""

from __future__ import annotations

import pytest

from pytorch2caffe.graph.graph import Shape
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.open_reshapes import close_reshapes, open_reshapes
from tests.passes.graphs import Net, applied


def written(before: Shape, dims: Shape, closed: bool = False) -> Shape:
    net = Net(*before)
    graph = applied(close_reshapes if closed else open_reshapes, net.done(net.add(Reshape(dims), net.x)))
    (node,) = graph.nodes
    assert isinstance(node.layer, Reshape)
    return node.layer.shape


CASES = {
    "the space joined": ((1, 4, 3, 2), (1, 4, 6), (0, 0, -1)),
    "axes of size 1 added": ((2, 4), (2, 4, 1, 1), (0, 0, 1, 1)),
    "the space split stays: two sizes cannot be inferred": ((1, 6, 4), (1, 2, 3, 4), (0, 2, 3, 4)),
    "another batch stays: it is no batch": ((2, 3, 4), (6, 4), (6, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_opened(name: str) -> None:
    before, after, dims = CASES[name]
    assert written(before, after) == dims


@pytest.mark.parametrize("name", CASES)
def test_closed_again(name: str) -> None:
    before, after, dims = CASES[name]
    keep = before[0] == after[0]
    assert written(before, dims, closed=True) == ((0, *after[1:]) if keep else after)


def test_a_flatten_that_the_target_lacks() -> None:
    net = Net(1, 4, 3, 2, 2)
    graph = net.done(net.add(Flatten(3, 4), net.x))
    assert applied(lambda g: open_reshapes(g, lambda *_: True), graph).nodes[0].layer == Flatten(3, 4)
    assert applied(lambda g: open_reshapes(g, lambda *_: False), graph).nodes[0].layer == Reshape((0, 0, 0, -1))

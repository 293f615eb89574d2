"""Positions written once, or refused."""

import numpy as np
import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.indexing.overwrite import add_at, overwrite, overwrite_along
from pytorch2caffe.runtime.infer import infer


def net_and_input():
    net = Builder(Graph(), infer)
    return net, net.input("x", (2, 3))


@pytest.mark.parametrize("write", [overwrite, add_at], ids=lambda write: write.__name__)
def test_the_shape_is_kept(write):
    net, x = net_and_input()
    assert write(net, x, np.array([4, 0]), np.ones(2, np.float32)).shape == (2, 3)


def test_positions_along_an_axis():
    net, x = net_and_input()
    assert overwrite_along(net, x, -1, [2, 0], np.ones((2, 2), np.float32)).shape == (2, 3)


def test_a_position_that_is_written_twice_is_refused():
    net, x = net_and_input()
    with pytest.raises(Refused, match="writing twice to one position"):
        overwrite(net, x, np.array([1, 1]), np.ones(2, np.float32))
    with pytest.raises(Refused, match="writing twice to one position"):
        overwrite_along(net, x, 1, [0, -3], np.ones((2, 2), np.float32))


def test_few_positions_are_cut_and_joined_without_a_matrix():
    net, x = net_and_input()
    overwrite(net, x, np.array([[0, 2], [3, 5]]), net.input("values", (2, 1)))  # x[:, [0, 2]] = values
    assert [node.layer.type for node in net.graph.nodes] == ["Tile", "Slice", "StridedSlice", "Concat"]


def test_many_positions_are_selected_at_once():
    net = Builder(Graph(), infer)
    result = overwrite(net, net.input("x", (1, 400)), np.arange(0, 400, 3)[::-1], net.input("values", (134,)))
    assert result.shape == (1, 400) and "IndexSelect" in [node.layer.type for node in net.graph.nodes]

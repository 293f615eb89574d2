import numpy as np
import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.indexing.overlay import MOST_PARTS, overlay
from pytorch2caffe.layers.indexing.strided import Strided
from pytorch2caffe.runtime.infer import infer


def net_with(*shapes):
    net = Builder(Graph("net"), infer)
    return net, [net.input(f"x{i}", shape) for i, shape in enumerate(shapes)]


def types(net):
    return [node.layer.type for node in net.graph.nodes]


def test_parts_that_cover_everything_are_joined_by_one_concat():
    net, (a, b, c) = net_with((1, 4, 5), (1, 1, 5), (1, 3, 5))
    sources = [Strided(0, (1, 4, 5), (20, 5, 1)), Strided(0, (1, 1, 5), (20, 5, 1)), Strided(5, (1, 3, 5), (20, 5, 1))]
    result = overlay(net, sources[0], sources, [a, b, c])
    assert types(net) == ["Concat"] and result.shape == (1, 4, 5)
    assert net.graph.nodes[0].inputs == [b, c]


def test_what_is_left_is_cut_by_one_slice():
    net, (a, b) = net_with((1, 4, 5), (1, 2, 5))
    sources = [Strided(0, (1, 4, 5), (20, 5, 1)), Strided(5, (1, 2, 5), (20, 5, 1))]
    overlay(net, sources[0], sources, [a, b])
    assert types(net) == ["Slice", "Concat"]
    assert net.graph.nodes[0].layer.slice_point == (1, 3)


def test_every_second_position_is_interleaved_without_a_matrix():
    net, (a, b) = net_with((1, 200), (1, 100))
    sources = [Strided(0, (1, 200), (200, 1)), Strided(0, (1, 100), (200, 2))]
    assert overlay(net, sources[0], sources, [a, b]).shape == (1, 200)
    assert len(types(net)) <= 6 and "LinearMap" not in types(net)


def test_constants_alone_are_an_array():
    net, _ = net_with()
    sources = [Strided(0, (6,), (1,)), Strided(2, (2,), (1,))]
    found = overlay(net, Strided(1, (2, 2), (2, 1)), sources, [np.arange(6.0), np.array([7.0, 8.0])])
    assert found.tolist() == [[1.0, 7.0], [8.0, 4.0]] and not types(net)


def test_too_many_parts_are_refused():
    size = 2 * MOST_PARTS + 3  # of which no axis is a multiple of the steps
    net, (a, b) = net_with((size,), (size // 2,))
    sources = [Strided(0, (size,), (1,)), Strided(0, (size // 2,), (2,))]
    with pytest.raises(Refused, match="more than 1024 separate parts"):
        overlay(net, sources[0], sources, [a, b])

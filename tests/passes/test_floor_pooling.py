"""Pooling whose extra row and column are cut off."""

from __future__ import annotations

import numpy as np

from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.convolution.convolution import Convolution
from pytorch2caffe.layers.indexing.crop import Crop
from pytorch2caffe.layers.pooling.pooling import Pooling
from pytorch2caffe.layers.shape.slice import Narrow
from pytorch2caffe.passes.floor_pooling import floor_pooling
from tests.passes.graphs import Net, applied, types

CEIL = Pooling("MAX", 3, 3, 2, 2)
SIZER = Convolution(1, (3, 3), (2, 2), bias_term=False)


def cut(net: Net, value: Value, *sizes: int) -> Value:
    for axis, size in enumerate(sizes, 2):
        value = net.add(Narrow(axis, 0, size), value)
    return value


def pooled(rows: int, columns: int) -> Graph:
    net = Net(1, 2, 8, 8)
    return net.done(cut(net, net.add(CEIL, net.x), rows, columns))


def test_cut_to_what_rounding_down_gives() -> None:
    assert CEIL.round_mode == "CEIL"
    after = applied(floor_pooling, pooled(3, 3))
    assert [(node.layer.type, node.layer.round_mode) for node in after.nodes] == [("Pooling", "FLOOR")]


def test_cut_to_less_stays() -> None:
    assert types(applied(floor_pooling, pooled(2, 3))) == ["Pooling", "Narrow", "Narrow"]


def test_one_that_another_node_reads_too_stays() -> None:
    net = Net(1, 2, 8, 8)
    pool = net.add(CEIL, net.x)
    after = applied(floor_pooling, net.done(cut(net, pool, 3, 3), net.add(ReLU(), pool)))
    assert types(after) == ["Pooling", "Narrow", "Narrow", "ReLU"]


def test_further_cuts_stay() -> None:
    net = Net(1, 2, 8, 8)
    after = applied(floor_pooling, net.done(cut(net, cut(net, net.add(CEIL, net.x), 3, 3), 2)))
    assert types(after) == ["Pooling", "Narrow"]


def cropped(offset: tuple[int, ...] = ()) -> Graph:
    net = Net(1, 2, 8, 8)
    size = net.add(SIZER, net.x, blobs=[np.ones((1, 2, 3, 3), np.float32)])
    return net.done(net.add(Crop(2, offset), net.add(CEIL, net.x), size))


def test_cropped_to_a_convolution_of_the_size_that_rounding_down_gives() -> None:
    after = applied(floor_pooling, cropped())
    assert [(node.layer.type, node.layer.round_mode) for node in after.nodes] == [("Pooling", "FLOOR")]


def test_a_crop_that_does_not_begin_at_the_first_row_stays() -> None:
    assert types(applied(floor_pooling, cropped((1,)))) == ["Convolution", "Pooling", "Crop"]

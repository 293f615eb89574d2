"""Crops after pooling that cut nothing."""

from __future__ import annotations

from functools import partial

import numpy as np

from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.layers.convolution.convolution import Convolution
from pytorch2caffe.layers.convolution.deconvolution import Deconvolution
from pytorch2caffe.layers.indexing.crop import Crop
from pytorch2caffe.layers.pooling.pooling import Pooling
from pytorch2caffe.layers.shape.concat import Concat
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.drop_crops import drop_crops
from pytorch2caffe.runtime.infer import infer
from tests.passes.graphs import Net, applied, types

POOLED = ["Convolution", "Pooling", "Crop"]


def dropped(graph: Graph) -> Graph:
    return applied(partial(drop_crops, infer=infer), graph)


def pooled(net: Net, x: Value) -> Value:
    """Half the size, rounded down."""
    weight = np.ones((1, x.shape[1], 2, 2), np.float32)
    size = net.add(Convolution(1, (2, 2), (2, 2), bias_term=False), x, blobs=[weight])
    return net.add(Crop(), net.add(Pooling("MAX", 2, 2, 2, 2), x), size, name="pool")


def test_a_network_of_any_size_keeps_them() -> None:
    net = Net(1, 2, 8, 8)
    assert types(dropped(net.done(pooled(net, net.x)))) == POOLED


def test_a_network_that_fits_sizes_that_round_up_reads_one_size() -> None:
    net = Net(1, 2, 8, 8)
    graph = dropped(net.done(net.add(Reshape((0, 32)), pooled(net, net.x))))
    assert types(graph) == ["Pooling", "Reshape"]
    assert graph.inputs[0].fixed == {2, 3}


def test_a_network_that_fits_no_size_that_rounds_up() -> None:
    net = Net(1, 2, 8, 8)
    ones = np.ones((2, 1, 2, 2), np.float32)
    up = net.add(Deconvolution(2, (2, 2), (2, 2), group=2, bias_term=False), pooled(net, net.x), blobs=[ones])
    graph = dropped(net.done(net.add(Concat(1), up, net.x)))
    assert types(graph) == ["Pooling", "Deconvolution", "Concat"]
    assert not graph.inputs[0].fixed


def test_one_that_cuts_stays() -> None:
    net = Net(1, 2, 9, 9)
    assert types(dropped(net.done(net.add(Reshape((0, 32)), pooled(net, net.x))))) == [*POOLED, "Reshape"]

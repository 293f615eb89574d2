"""Copies made for an operation that broadcasts by itself."""

from __future__ import annotations

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.pooling.pooling import Pooling
from pytorch2caffe.layers.shape.tile import Tile
from pytorch2caffe.passes.fold_tiles import fold_tiles
from tests.passes.graphs import Net, applied, types


def test_the_operation_broadcasts() -> None:
    net = Net(1, 2, 3, 3)
    small = net.add(Pooling("AVE", global_pooling=True), net.x)
    copied = net.add(Tile(3, 3), net.add(Tile(2, 3), small))
    after = applied(fold_tiles, net.done(net.add(Eltwise("PROD"), net.x, copied)))
    assert types(after) == ["Pooling", "Binary"]


def test_copies_that_something_else_reads_stay_for_it() -> None:
    net = Net(1, 1, 3, 3)
    copied = net.add(Tile(1, 2), net.x)
    graph = net.done(net.add(Eltwise("MAX"), net.add(ReLU(), copied), copied), copied)
    assert types(applied(fold_tiles, graph)) == ["Tile", "ReLU", "Binary"]


def test_copies_of_more_than_one_row_stay() -> None:
    net = Net(1, 1, 4, 2)
    half = net.add(Pooling("AVE", 2, 1, 2, 1), net.x)
    graph = net.done(net.add(Eltwise("PROD"), net.x, net.add(Tile(2, 2), half)))
    assert types(applied(fold_tiles, graph)) == ["Pooling", "Tile", "Eltwise"]

"""Powers before a Scale that adds."""

from __future__ import annotations

import numpy as np

from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.passes.fold_powers import fold_powers
from tests.passes.graphs import Net, applied, types

ONES = np.ones((3, 4), np.float32)


def test_folded_exactly() -> None:
    net = Net(2, 3, 4)
    y = net.add(Scale(1, 2, True), net.add(Power(scale=0.3), net.x), blobs=[ONES, net.random(3, 4)])
    (node,) = applied(fold_powers, net.done(y)).nodes
    assert np.array_equal(node.blobs[0], np.float32(0.3) * ONES)


def test_not_into_other_factors_nor_from_other_powers() -> None:
    net = Net(2, 3, 4)
    y = net.add(Scale(1, 2, True), net.add(Power(scale=0.3), net.x), blobs=[2 * ONES, net.random(3, 4)])
    y = net.add(Scale(1, 2, True), net.add(Power(shift=0.3), y), blobs=[ONES, net.random(3, 4)])
    y = net.add(Scale(1, 2), net.add(Power(scale=0.3), y), blobs=[ONES])
    graph = net.done(y)
    assert types(applied(fold_powers, graph)) == types(graph)


def test_one_that_others_read_stays() -> None:
    net = Net(2, 3, 4)
    first = net.add(Power(scale=0.3), net.x)
    y = net.add(Scale(1, 2, True), first, blobs=[ONES, net.random(3, 4)])
    assert types(applied(fold_powers, net.done(first, y))) == ["Power", "Scale"]

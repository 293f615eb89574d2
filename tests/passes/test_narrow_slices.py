"""Slices of which one output is used."""

from __future__ import annotations

import pytest

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.shape.slice import Narrow, Slice
from pytorch2caffe.passes.narrow_slices import narrow_slices
from tests.passes.graphs import Net, applied, types


@pytest.mark.parametrize(("used", "narrow"), [(0, (0, 1)), (1, (1, 3)), (2, (3, 6))])
def test_the_one_that_is_used(used, narrow) -> None:
    net = Net(2, 6)
    part = net.add(Slice(1, (1, 3)), net.x)[used]
    after = applied(narrow_slices, net.done(net.add(ReLU(), part)))
    assert [node.layer for node in after.nodes] == [Narrow(1, *narrow), ReLU()]
    assert [value.name for value in after.nodes[0].outputs] == [part.name]


def test_two_that_are_used_stay() -> None:
    net = Net(2, 6)
    _, *used = net.add(Slice(1, (1, 3)), net.x)
    assert types(applied(narrow_slices, net.done(*used))) == ["Slice"]

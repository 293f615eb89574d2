"""Powers in a row: one where not a bit of the result changes."""

from __future__ import annotations

import pytest

from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.passes.merge_powers import merge_powers
from tests.passes.graphs import Net, applied

MERGED = {
    "a minus before": ([Power(scale=-1), Power(scale=3, shift=1)], Power(scale=-3, shift=1)),
    "a minus after": ([Power(scale=3, shift=1), Power(scale=-1)], Power(scale=-3, shift=-1)),
    "a half before a square": ([Power(scale=0.5), Power(power=2)], Power(power=2, scale=0.5)),
    "three": ([Power(scale=-1), Power(scale=2), Power(scale=-1)], Power(scale=2)),
}
LEFT = {
    "factors that round": [Power(scale=3), Power(scale=7)],
    "sums that lose digits": [Power(shift=1e8), Power(shift=-1e8)],
    "a square before": [Power(power=2), Power(scale=-1)],
    "a factor of 0": [Power(scale=0), Power(scale=-1)],
}


def chain(layers: list[Power]) -> Net:
    net = Net(1, 4)
    for layer in layers:
        net.x = net.add(layer, net.x)
    return net


@pytest.mark.parametrize(("layers", "merged"), MERGED.values(), ids=MERGED)
def test_merged_exactly(layers, merged) -> None:
    net = chain(layers)
    assert [node.layer for node in applied(merge_powers, net.done(net.x)).nodes] == [merged]


@pytest.mark.parametrize("layers", LEFT.values(), ids=LEFT)
def test_left_as_they_are(layers) -> None:
    net = chain(layers)
    assert [node.layer for node in applied(merge_powers, net.done(net.x)).nodes] == layers


def test_one_whose_input_is_an_output_stays() -> None:
    net = Net(1, 4)
    first = net.add(Power(scale=-1), net.x)
    assert len(applied(merge_powers, net.done(first, net.add(Power(scale=-1), first))).nodes) == 2

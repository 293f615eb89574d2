"""Networks that would compute something else at another height or width."""

from __future__ import annotations

from functools import partial

from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.pooling.pooling import Pooling
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.layers.shape.slice import Slice
from pytorch2caffe.passes.fix_sizes import fix_sizes
from pytorch2caffe.runtime.infer import infer
from tests.passes.graphs import Net, applied, types


def fixed(graph: Graph) -> list[str]:
    return types(applied(partial(fix_sizes, infer=infer), graph))


def sliced(axis: int, point: int) -> Graph:
    net = Net(1, 2, 8, 8)
    return net.done(*net.add(Slice(axis, (point,)), net.x))


def test_rows_counted_from_the_end_are_of_one_height() -> None:
    assert fixed(sliced(2, 7)) == ["Reshape", "Slice"]


def test_rows_counted_from_the_start_are_of_any_height() -> None:
    assert fixed(sliced(2, 1)) == ["Slice"]


def test_channels_are_of_any_height() -> None:
    assert fixed(sliced(1, 1)) == ["Slice"]


def test_a_network_that_fails_anyway_stays() -> None:
    net = Net(1, 2, 8, 8)
    _, last = net.add(Slice(2, (7,)), net.x)
    assert fixed(net.done(net.add(Reshape((0, 16)), last))) == ["Slice", "Reshape"]


def test_both_axes_of_windows_that_fit_one_size() -> None:
    net = Net(1, 2, 8, 8)
    net.x.fixed = True
    assert fixed(net.done(net.add(Pooling("AVE", 4, 4, 4, 4), net.x))) == ["Reshape", "Reshape", "Pooling"]

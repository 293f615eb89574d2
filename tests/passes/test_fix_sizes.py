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


def sliced(axis: int, stated: set[int]) -> Graph:
    net = Net(1, 2, 8, 8)
    net.x.fixed |= stated
    return net.done(*net.add(Slice(axis, (1,)), net.x))


def test_rows_that_are_stated_to_be_of_one_height() -> None:
    assert fixed(sliced(2, {2})) == ["Reshape", "Slice"]


def test_rows_of_any_height() -> None:
    assert fixed(sliced(2, set())) == ["Slice"]


def test_channels_are_of_any_height() -> None:
    assert fixed(sliced(1, {1})) == ["Slice"]


def test_one_sample_of_a_batch() -> None:
    assert fixed(sliced(1, {0})) == ["Reshape", "Slice"]


def test_a_size_that_differs_by_less_than_a_stride() -> None:
    net = Net(1, 2, 16, 16)
    pooled = net.add(Pooling("MAX", 2, 2, 2, 2), net.x, name="pool")
    pooled.fixed |= {2}
    graph = net.done(net.add(Reshape((0, 128)), net.add(Pooling("MAX", 1, 1), pooled)))
    assert fixed(graph) == ["Pooling", "Pooling", "Reshape"]  # 15 and 16 rows have 8 windows, 14 and 18 do not load


def test_a_network_that_fails_anyway_stays() -> None:
    net = Net(1, 2, 8, 8)
    net.x.fixed |= {2, 3}
    _, last = net.add(Slice(2, (7,)), net.x)
    assert fixed(net.done(net.add(Reshape((0, 16)), last))) == ["Slice", "Reshape"]


def test_both_axes_of_windows_that_fit_one_size() -> None:
    net = Net(1, 2, 8, 8)
    net.x.fixed |= {2, 3}
    assert fixed(net.done(net.add(Pooling("AVE", 4, 4, 4, 4), net.x))) == ["Reshape", "Pooling"]

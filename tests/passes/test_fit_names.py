"""Names within the limits of a consumer."""

from __future__ import annotations

from functools import partial

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.passes.fit_names import fit_names, shortened
from tests.passes.graphs import Net, applied


def test_long_names_are_cut_and_stay_unique() -> None:
    net = Net(1, 4)
    y = net.x
    for number in range(3):
        y = net.add(ReLU(), y, name=f"features.{number}")
    after = applied(partial(fit_names, name_length=8), net.done(y))
    assert [node.name for node in after.nodes] == ["features", "featur~1", "featur~2"]
    assert [value.name for value in after.values()] == ["x", "features", "featur~1", "featur~2"]
    assert after.renamed == {"features": "features.0", "featur~1": "features.1", "featur~2": "features.2"}


def test_characters_that_a_name_must_not_have_are_replaced() -> None:
    net = Net(1, 4)
    y = net.add(ReLU(), net.add(ReLU(), net.x, name="a/b"), name="a_b")
    after = applied(partial(fit_names, names_without="/"), net.done(y))
    assert [node.name for node in after.nodes] == ["a_b~1", "a_b"]


def test_without_limits_nothing_is_renamed() -> None:
    net = Net(1, 4)
    after = applied(fit_names, net.done(net.add(ReLU(), net.x, name="a" * 200)))
    assert (after.nodes[0].name, after.renamed) == ("a" * 200, {})


def test_names_that_fit_are_nobody_elses() -> None:
    assert shortened(["ab1", "ab2", "ab"], length=2) == {"ab1": "~1", "ab2": "~2", "ab": "ab"}


def test_many_names_of_one_beginning_take_linear_time() -> None:
    names = [f"features.{number}" for number in range(30_000)]  # minutes if each counts from 1
    assert len(set(shortened(names, length=9).values())) == len(names)

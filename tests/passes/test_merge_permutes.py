"""Permutes that cancel, or that weights absorb."""

from __future__ import annotations

import pytest

from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.layers.elementwise.absval import AbsVal
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.layers.shape.flatten import Flatten
from pytorch2caffe.layers.shape.permute import Permute
from pytorch2caffe.layers.shape.reshape import Reshape
from pytorch2caffe.passes.merge_permutes import merge_permutes
from tests.passes.graphs import Net, applied, types


def test_two_in_a_row_are_merged() -> None:
    net = Net(2, 3, 4, 5)
    y = net.add(Permute((0, 3, 1, 2)), net.add(Permute((0, 1, 3, 2)), net.x))
    assert [node.layer for node in applied(merge_permutes, net.done(y)).nodes] == [Permute((0, 2, 1, 3))]


def test_two_that_cancel_are_dropped() -> None:
    net = Net(2, 3, 4, 5)
    there = net.add(Permute((0, 2, 3, 1)), net.x)
    assert types(applied(merge_permutes, net.done(net.add(ReLU(), net.add(Permute((0, 3, 1, 2)), there))))) == ["ReLU"]


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("flatten", [Flatten(), Reshape((0, -1))], ids=lambda layer: layer.type)
def test_one_before_an_inner_product_is_folded_into_its_weights(flatten, transpose) -> None:
    net = Net(2, 3, 4, 5)
    row = net.add(AbsVal(), net.add(flatten, net.add(Permute((0, 2, 3, 1)), net.x)))
    weight = net.random(60, 7) if transpose else net.random(7, 60)
    y = net.add(InnerProduct(7, transpose=transpose), row, blobs=[weight, net.random(7)])
    assert types(applied(merge_permutes, net.done(y), 1e-6)) == ["Flatten", "AbsVal", "InnerProduct"]


def test_one_that_another_node_reads_too_is_kept_for_that_node() -> None:
    net = Net(1, 3, 4, 5)
    permuted = net.add(Permute((0, 2, 3, 1)), net.x)
    y = net.add(InnerProduct(7), net.add(Flatten(), permuted), blobs=[net.random(7, 60), net.random(7)])
    after = applied(merge_permutes, net.done(y, net.add(ReLU(), permuted)), 1e-6)
    assert types(after) == ["Permute", "Flatten", "InnerProduct", "ReLU"]
    assert after.nodes[1].inputs == after.inputs


def test_one_whose_row_is_an_output_stays() -> None:
    net = Net(1, 3, 4, 5)
    row = net.add(Flatten(), net.add(Permute((0, 2, 3, 1)), net.x))
    y = net.add(InnerProduct(7), row, blobs=[net.random(7, 60), net.random(7)])
    assert types(applied(merge_permutes, net.done(y, row))) == ["Permute", "Flatten", "InnerProduct"]

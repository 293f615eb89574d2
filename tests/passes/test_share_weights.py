"""Weights that a module uses several times."""

from __future__ import annotations

import numpy as np

from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.passes.share_weights import share_weights
from tests.passes.graphs import Net, applied


def two_layers(*, modules: tuple[str, str], biases: tuple[float, float] = (1.0, 1.0), copies: bool = True) -> Net:
    """Two layers with copies of one weight, or each with its own."""
    net = Net(1, 3)
    weight = net.random(3, 3)
    y = net.x
    for module, bias in zip(modules, biases, strict=True):
        net.module = module
        own = weight.copy() if copies else net.random(3, 3)
        y = net.add(InnerProduct(3), y, blobs=[own, np.full(3, bias, np.float32)])
    net.done(y)
    return net


def same_arrays(net: Net) -> list[bool]:
    """Of each weight, whether both layers have the same array after the pass."""
    first, second = applied(share_weights, net.graph).nodes
    return [one is other for one, other in zip(first.blobs, second.blobs, strict=True)]


def test_equal_layers_of_a_module_share():
    assert same_arrays(two_layers(modules=("fc", "fc"))) == [True, True]


def test_layers_of_other_modules_do_not():
    assert same_arrays(two_layers(modules=("fc", "fc2"))) == [False, False]


def test_layers_of_a_file_do_not():
    assert same_arrays(two_layers(modules=("", ""))) == [False, False]


def test_equal_biases_alone_are_not_shared():
    assert same_arrays(two_layers(modules=("fc", "fc"), copies=False)) == [False, False]


def test_another_bias_is_another_layer():
    assert same_arrays(two_layers(modules=("fc", "fc"), biases=(1.0, 0.0))) == [False, False]
    assert same_arrays(two_layers(modules=("fc", "fc"), biases=(0.0, -0.0))) == [False, False]

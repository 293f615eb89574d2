"""Inputs and outputs with channels first keep their layout."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytorch2caffe import to_torch, trace
from pytorch2caffe.passes.keep_channels_first import keep_channels_first

CONV = nn.Conv2d(3, 4, 3)


def as_read(x):
    """An NCHW network as the TensorFlow frontend reads it: its input is (N, W, C, H)."""
    return F.relu(CONV(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def also_last(x):
    return as_read(x), x * 2, x.sum(1)


@pytest.mark.parametrize(("model", "types"), [(as_read, ["Convolution", "ReLU"]), (also_last, None)])
def test_the_layout_is_kept(model, types):
    x = torch.randn(2, 3, 6, 7)
    graph = trace(model, x.permute(0, 3, 1, 2))
    first, last = (node for node in graph.nodes if node.layer.type == "Permute")
    first.name, last.name = "conv/nhwc", "conv/nchw"
    keep_channels_first(graph)
    graph.validate()
    assert graph.inputs[0].shape == (2, 3, 6, 7)
    found = to_torch(graph)(x)
    found = found if isinstance(found, tuple) else (found,)
    torch.testing.assert_close(found[0], F.relu(CONV(x)))
    if types:
        assert [node.layer.type for node in graph.nodes] == types
    else:
        torch.testing.assert_close(found[1], x * 2)
        torch.testing.assert_close(found[2], x.sum(3))


def test_channels_last_stay():
    graph = trace(lambda x: F.relu(CONV(x)), torch.zeros(1, 3, 6, 7))
    keep_channels_first(graph)
    assert graph.inputs[0].shape == (1, 3, 6, 7)
    assert np.prod(next(iter(graph.outputs.values())).shape) == 4 * 4 * 5

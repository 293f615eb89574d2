"""A part of a graph."""

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, to_torch, trace
from pytorch2caffe.graph.cut import cut

MODEL = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
X = torch.zeros(1, 3, 8, 8)


def test_a_part_between_two_values():
    graph = cut(trace(MODEL, X), {"0": (1, 4, 6, 6)}, ["2"])
    assert [node.layer.type for node in graph.nodes] == ["ReLU", "Flatten"]
    graph.validate()
    assert torch.equal(to_torch(graph)(-torch.ones(1, 4, 6, 6)), torch.zeros(1, 144))


def test_names_and_shapes_that_there_are_not():
    with pytest.raises(ConversionError, match="no value '4'"):
        cut(trace(MODEL, X), {}, ["4"])
    with pytest.raises(ConversionError, match=r"'0' has the shape \[1, 4, 6, 6\], not \[1, 4\]"):
        cut(trace(MODEL, X), {"0": (1, 4)}, [])

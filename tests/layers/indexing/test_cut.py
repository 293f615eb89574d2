"""Parts of a value along its axes."""

import pytest
import torch

from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph, Value
from pytorch2caffe.layers.indexing.cut import crop, crop_space
from pytorch2caffe.runtime.infer import infer
from pytorch2caffe.runtime.run import run


@pytest.mark.parametrize("any_size", [False, True])
def test_crop(any_size):
    x = Value("x", (1, 3, 5, 6))
    net = Builder(Graph(inputs=[x]), infer)
    y = crop(net, x, {1: (0, 3), 2: (1, 4), 3: (0, 5)}, any_size=any_size)
    net.graph.outputs = {y.name: y}
    data = torch.randn(1, 3, 5, 6).numpy()
    *_, actual = (array for (_, top), array in run(net.graph, {"x": data}).items() if top == y.name)
    assert (actual == data[:, :, 1:4, :5]).all()
    assert x.fixed == (frozenset() if any_size else {2})


def test_the_first_rows_and_columns():
    x = Value("x", (1, 3, 5, 6))
    assert crop_space(Builder(Graph(inputs=[x]), infer), x, (2, 4)).shape == (1, 3, 2, 4)

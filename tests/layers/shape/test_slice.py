import torch

from pytorch2caffe import trace
from tests.layers.conftest import types_of

SHAPE = (4, 6, 5, 4)


def test_is_one_layer():
    assert types_of(lambda x: x.chunk(2, 1), torch.zeros(SHAPE)) == ["Slice"]
    (node,) = trace(lambda x: x.split([1, 3, 2], 1), torch.zeros(SHAPE)).nodes
    assert node.layer.to_caffe() == {"slice_point": [1, 4]}

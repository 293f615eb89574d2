import torch

from pytorch2caffe.layers.elementwise.truncate import Truncate
from pytorch2caffe.runtime.build import build


def test_removes_the_fraction():
    x = torch.tensor([[-1.5, -0.5, 0.5, 2.9]])
    assert build(Truncate().to_torch([(1, 4)], []))(x).tolist() == [[-1, 0, 0, 2]]


def test_is_the_same_in_ncnn_by_its_number():
    assert Truncate().to_ncnn([(1, 4)], []).params == {0: 19}

import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of


@pytest.mark.parametrize("shape", [(2, 6), (2, 3, 4), (4,)], ids=str)
def test_runs_on_every_rank(shape, same_everywhere):
    same_everywhere(nn.ReLU6(), torch.randn(shape) * 5)


def test_is_native_in_caffe_master(same_everywhere, request):
    assert types_of(nn.ReLU6(), torch.zeros(2, 3), dialect="caffe-master") == ["Clip"]
    if "opencv" not in request.node.name:  # has ReLU6 instead
        same_everywhere(nn.ReLU6(), torch.randn(2, 3) * 5, dialect="caffe-master")


def test_opencv_has_relu6_by_name(same_everywhere, request):
    if "caffe" in request.node.name.split("[")[1]:
        return  # real Caffe has no ReLU6
    same_everywhere(nn.ReLU6(), 5 * torch.randn(1, 3, 4, 5), dialect="opencv")


def test_relu6_is_said_in_what_the_dialect_has():
    x = torch.zeros(1, 3)
    assert types_of(nn.ReLU6(), x, dialect="opencv") == types_of(nn.ReLU6(), x, dialect="ncnn") == ["ReLU6"]
    assert types_of(nn.ReLU6(), x, dialect="caffe-master") == ["Clip"]
    assert "ReLU6" not in types_of(nn.ReLU6(), x, dialect="nnie")

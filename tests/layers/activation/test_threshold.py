import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "at zero": nn.Threshold(0, 0),
    "above": nn.Threshold(0.3, 0),
    "with a value": nn.Threshold(0.3, -2.0),
    "below": nn.Threshold(-0.3, 1.5),
    "functional": lambda x: F.threshold(x, 0.1, 20),
    "in place": lambda x: F.threshold_(x * 2, 0.1, 5.0),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_at_zero_it_is_relu():
    assert types_of(nn.Threshold(0, 0), torch.zeros(2, 3)) == ["ReLU"]


def test_the_least_step_above_counts(same_everywhere):
    x = torch.tensor([[0.3, 0.0, 0.0, 0.0], [-0.3, 1.0, 1e30, -1e30]])
    x[0, 1:] = torch.nextafter(x[0, :1], torch.tensor([0.0, 1.0, 1.0]))
    same_everywhere(nn.Threshold(0.3, -2.0), x)


def test_is_native_in_caffe_master():
    assert types_of(nn.Threshold(0.3, 0), torch.zeros(2, 3), dialect="caffe-master") == ["Threshold", "Eltwise"]

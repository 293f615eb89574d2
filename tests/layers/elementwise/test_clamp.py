import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

BOUND = torch.rand(3, 1, 1)
TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "clamp between bounds that cross": lambda x: x.clamp(0.5, -0.5),
    "clamp both": lambda x: x.clamp(-0.5, 0.5),
    "clamp both above zero": lambda x: x.clamp(0.25, 0.5),
    "clamp both below zero": lambda x: x.clamp(-0.5, -0.25),
    "clamp min": lambda x: x.clamp(min=0.1),
    "clamp min zero": lambda x: x.clamp(min=0),
    "clamp max": lambda x: x.clamp(max=0.1),
    "clamp max zero": lambda x: x.clamp(max=0),
    "clamp in place": lambda x: (x * 2).clamp_(-1, 1),
    "clip": lambda x: torch.clip(x, -1, 0.2),
    "clamp_min": lambda x: torch.clamp_min(x, -0.2),
    "clamp_max": lambda x: x.clamp_max(0.2),
    "scalar tensors": lambda x: x.clamp(torch.tensor(-0.5), torch.tensor(0.5)),
    "tensors": lambda x: x.clamp(-BOUND, BOUND),
    "a tensor as min": lambda x: x.clamp(min=BOUND),
    "a tensor as max": lambda x: x.clamp(max=BOUND),
    "a traced tensor and a constant": lambda x: torch.clamp(x, x.flip(1) - 1, TABLE),
    "traced tensors": lambda x: x.clamp(-x.abs() / 2, x.mean((2, 3), keepdim=True).abs()),
    "large numbers": lambda x: (x * 100).clamp(-50, 60),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_a_floor_of_zero_is_relu():
    assert types_of(lambda x: x.clamp(min=0), torch.zeros(2, 3)) == ["ReLU"]


def test_a_constant_between_traced_bounds_is_refused():
    with pytest.raises(UnsupportedError, match="torch.minimum and torch.maximum"):
        trace(lambda x: BOUND.clamp(max=x), torch.zeros(2, 3, 4, 5))

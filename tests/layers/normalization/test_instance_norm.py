import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "4-D": (nn.InstanceNorm2d(3), (1, 3, 4, 5)),
    "4-D, batch of two": (nn.InstanceNorm2d(3), (2, 3, 4, 5)),
    "3-D, batch of two": (nn.InstanceNorm1d(3), (2, 3, 7)),
    "5-D": (nn.InstanceNorm3d(3), (2, 3, 2, 4, 5)),
    "affine": (nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 5)),
    "affine, 3-D": (nn.InstanceNorm1d(3, affine=True), (2, 3, 7)),
    "eps": (nn.InstanceNorm2d(3, eps=0.1), (2, 3, 4, 5)),
    "running statistics": (nn.InstanceNorm2d(3, track_running_stats=True), (2, 3, 4, 5)),
    "running statistics, affine": (nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 4, 5)),
    "weight without bias": (lambda x: F.instance_norm(x, weight=torch.arange(1.0, 4)), (2, 3, 4, 5)),
    "without a batch": (lambda x: nn.InstanceNorm2d(3)(x[0]), (2, 3, 4, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape) * 2 + 1)


def test_numbers_far_from_zero_keep_their_digits(same_everywhere):
    same_everywhere(nn.InstanceNorm2d(3), torch.randn(2, 3, 9, 8) + 30)


def test_a_large_map(same_everywhere):
    same_everywhere(nn.InstanceNorm2d(2), torch.randn(1, 2, 150, 130) * 3 + 1)


def test_is_six_layers_without_weights():
    types = types_of(nn.InstanceNorm2d(3), torch.zeros(2, 3, 4, 5))
    assert types == ["MVN", "Eltwise", "Pooling", "Power", "Reshape", "Scale"]

import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of

SHAPES = [(6,), (2, 6), (1, 6), (2, 3, 6), (2, 3, 4, 6)]


def test_runs_after_a_flatten(same_everywhere):
    same_everywhere(nn.Sequential(nn.Flatten(), nn.Linear(24, 5)), torch.randn(2, 2, 3, 4))


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_is_one_layer_on_every_rank(shape):
    assert types_of(nn.Linear(6, 4), torch.zeros(shape)) == ["InnerProduct"]

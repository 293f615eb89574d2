import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
CASES = {
    "flatten": (nn.Flatten(), IMAGE),
    "flatten the middle": (nn.Flatten(1, 2), IMAGE),
    "flatten all": (lambda x: torch.flatten(x), IMAGE),
    "flatten the tail": (lambda x: x.flatten(2), IMAGE),
    "flatten with negative axes": (lambda x: x.flatten(-3, -2), IMAGE),
    "flatten the batch": (lambda x: x.flatten(0, 1), IMAGE),
    "flatten one axis": (lambda x: x.flatten(1, 1) * 2, IMAGE),
    "flatten to tokens": (lambda x: x.flatten(2).transpose(1, 2), IMAGE),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_flatten_behind_the_batch_is_flatten():
    assert types_of(nn.Flatten(), torch.zeros(IMAGE)) == ["Flatten"]

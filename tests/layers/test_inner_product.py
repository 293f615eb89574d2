import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

SHAPES = [(6,), (2, 6), (1, 6), (2, 3, 6), (2, 3, 4, 6)]
CASES = {
    "linear": nn.Linear(6, 4),
    "no bias": nn.Linear(6, 4, bias=False),
    "to one": nn.Linear(6, 1),
    "functional": lambda x: F.linear(x, torch.arange(18.0).reshape(3, 6)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_runs_behind_a_flatten(same_everywhere):
    same_everywhere(nn.Sequential(nn.Flatten(), nn.Linear(24, 5)), torch.randn(2, 2, 3, 4))


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_is_one_layer_on_every_rank(shape):
    assert types_of(nn.Linear(6, 4), torch.zeros(shape)) == ["InnerProduct"]


def test_a_weight_that_depends_on_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="linear with weights that depend on the input"):
        trace(lambda x: F.linear(x, x), torch.zeros(3, 3))

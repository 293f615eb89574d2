import pytest
import torch

from tests.layers.conftest import types_of


def test_an_output_that_is_read_too_is_split_off(same_everywhere):
    def model(x):
        y = x * 2
        return y, y.relu()

    assert types_of(model, torch.zeros(2, 3)) == ["Power", "Split", "ReLU"]
    same_everywhere(model, torch.randn(2, 3))


def test_an_input_that_is_an_output_is_split_off(same_everywhere):
    same_everywhere(lambda x: (x, x + 1), torch.randn(2, 3))


@pytest.mark.lacks(mnn="gives one output for two tops of a Split")
def test_the_same_output_twice_is_split_off(same_everywhere):
    def model(x):
        y = x + 1
        return y, y

    same_everywhere(model, torch.randn(2, 3))

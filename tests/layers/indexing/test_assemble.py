import pytest
import torch

from pytorch2caffe import trace

MASK = torch.rand(1, 3, 10, 12, generator=torch.Generator().manual_seed(0)) > 0.5
ROWS = torch.tensor([True, False, False, True, True, False, True, False, False, True])


def of_many_parts(x):
    y = torch.empty_like(x)
    y[MASK] = (x * 2)[MASK]
    y[~MASK] = x.flip(1)[~MASK]
    return y + 1


def of_few_parts(x):
    y = torch.empty_like(x)
    y[:, :, ROWS] = x[:, :, :5] * 2
    y[:, :, ~ROWS] = 0.25
    return y + 1


@pytest.mark.parametrize("model", [of_many_parts, of_few_parts], ids=lambda f: f.__name__)
def test_a_tensor_put_together_from_what_was_written(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 3, 10, 12))


def test_few_parts_are_joined_and_many_selected():
    x = torch.randn(1, 3, 10, 12)
    many, few = ([node.layer.type for node in trace(model, x).nodes] for model in (of_many_parts, of_few_parts))
    assert "IndexSelect" in many and "IndexSelect" not in few

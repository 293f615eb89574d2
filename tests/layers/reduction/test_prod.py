import pytest
import torch

from pytorch2caffe import to_torch, trace
from tests.layers.conftest import lacks

CASES = {
    "prod of 3": lambda x: x.prod(1),
    "prod of 4": lambda x: x.prod(2),
    "prod of 5, kept": lambda x: torch.prod(x, 3, keepdim=True),
    "prod of the batch": lambda x: x.prod(0),
    "prod of everything": lacks(lambda x: (x + 1.5).prod(), opencv="has no scalars"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) - 0.3)


@pytest.mark.parametrize("size", range(1, 18))
def test_products_of_every_length(size):
    x = torch.rand(2, size, 3) + 0.5
    torch.testing.assert_close(to_torch(trace(lambda x: x.prod(1) * 1, x))(x), x.prod(1))

import pytest
import torch
from torch import nn

CASES = {
    "identity": (nn.Sequential(nn.Identity(), nn.ReLU()), (2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize(
    "model", [nn.Identity(), lambda x: x, lambda x: x.view(2, 3)], ids=["identity", "itself", "view"]
)
def test_a_model_that_changes_nothing(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3))

import pytest
import torch
from torch import nn

CASES = {
    "root mean square": (nn.RMSNorm(6), (2, 5, 6)),
    "root mean square, eps": (nn.RMSNorm(6, eps=0.5), (3, 6)),
    "root mean square, two axes": (nn.RMSNorm((4, 6), elementwise_affine=False), (2, 3, 4, 6)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            nn.init.uniform_(parameter, 0.5, 1.5)
    same_everywhere(model, torch.randn(shape) * 2 + 1)

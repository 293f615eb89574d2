import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "groups": (nn.GroupNorm(2, 6), (2, 6, 4, 5)),
    "groups, one": (nn.GroupNorm(1, 6), (2, 6, 4, 5)),
    "groups, as many as channels": (nn.GroupNorm(6, 6), (2, 6, 4, 5)),
    "groups of a row": (nn.GroupNorm(3, 6), (2, 6)),
    "groups of 3 axes": (nn.GroupNorm(3, 6, affine=False), (2, 6, 7)),
    "groups of 5 axes": (nn.GroupNorm(2, 6), (2, 6, 2, 3, 4)),
    "groups, large eps": (nn.GroupNorm(2, 6, eps=0.5), (1, 6, 4, 5)),
    "groups, weight that depends on the input": (lambda x: F.group_norm(x, 2, x[0, :, 0] + 1, x[1, :, 2]), (2, 6, 6)),
    "groups, bias alone, that depends on the input": (lambda x: F.group_norm(x, 2, None, x[1, :, 2]), (2, 6, 7)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            nn.init.uniform_(parameter, 0.5, 1.5)
    same_everywhere(model, torch.randn(shape) * 2 + 1)

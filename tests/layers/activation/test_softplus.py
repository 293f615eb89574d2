import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "beta": nn.Softplus(beta=2.5),
    "threshold": lambda x: F.softplus(x * 30, 1, 30),
    "beta and large numbers": lambda x: F.softplus(x * 30, 0.5),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_a_low_threshold_is_refused():
    with pytest.raises(UnsupportedError, match="softplus with threshold=2, where it has a step"):
        trace(nn.Softplus(2, 2), torch.zeros(2, 3))

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

CASES = {
    "softplus": nn.Softplus(),
    "of large numbers": lambda x: F.softplus(x * 30),
    "beta": nn.Softplus(beta=2.5),
    "threshold": lambda x: F.softplus(x * 30, 1, 30),
    "beta and large numbers": lambda x: F.softplus(x * 30, 0.5),
    "logsigmoid": nn.LogSigmoid(),
    "logsigmoid of large numbers": lambda x: F.logsigmoid(x * 30),
    "logaddexp": lambda x: torch.logaddexp(x, 1 - x),
    "logaddexp, method": lambda x: x.logaddexp(x * 2),
    "logaddexp, broadcast": lambda x: torch.logaddexp(x, x[:1]),
    "logaddexp with a constant": lambda x: torch.logaddexp(x, torch.ones(5)),
    "logaddexp with -inf": lambda x: torch.logaddexp(x, torch.full((5,), -torch.inf)),
    "logaddexp, far apart": lambda x: torch.logaddexp(x * 200, -x * 200),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_softplus_is_one_layer():
    assert types_of(nn.Softplus(), torch.zeros(1, 3)) == ["BNLL"]


def test_a_low_threshold_is_refused():
    with pytest.raises(UnsupportedError, match="softplus with threshold=2, where it jumps"):
        trace(nn.Softplus(2, 2), torch.zeros(2, 3))

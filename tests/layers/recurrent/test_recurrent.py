import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of


class Outputs(nn.Module):
    """All that a recurrent module returns, flat."""

    def __init__(self, module, state=None):
        super().__init__()
        self.module, self.state = module, state

    def forward(self, x):
        output, last = self.module(x) if self.state is None else self.module(x, self.state)
        return (output, *last) if isinstance(last, tuple) else (output, last)


CASES = {
    "LSTM": nn.LSTM(4, 5),
    "LSTM, no bias": nn.LSTM(4, 5, bias=False),
    "GRU": nn.GRU(4, 5),
    "GRU, no bias": nn.GRU(4, 5, bias=False),
    "RNN": nn.RNN(4, 5),
}


@pytest.mark.parametrize("module", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(module, same_everywhere):
    same_everywhere(Outputs(module), torch.randn(3, 2, 4))


def test_an_lstm_is_caffe_s_own():
    assert types_of(Outputs(nn.LSTM(4, 5)), torch.randn(3, 2, 4)).count("LSTM") == 1

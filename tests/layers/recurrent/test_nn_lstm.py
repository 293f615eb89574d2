import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.recurrent.test_recurrent import Outputs

CASES = {
    "LSTM, batch first": nn.LSTM(4, 5, batch_first=True),
    "LSTM, two layers": nn.LSTM(4, 5, num_layers=2),
    "LSTM, both directions": nn.LSTM(4, 5, bidirectional=True),
    "LSTM, two layers, both directions, batch first": nn.LSTM(4, 5, num_layers=2, bidirectional=True, batch_first=True),
}


@pytest.mark.parametrize("module", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(module, same_everywhere):
    same_everywhere(Outputs(module), torch.randn(3, 2, 4))


def test_initial_states(same_everywhere):
    same_everywhere(Outputs(nn.LSTM(4, 5), (torch.randn(1, 2, 5), torch.randn(1, 2, 5))), torch.randn(3, 2, 4))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_projections_are_refused():
    with pytest.raises(UnsupportedError, match="projections"):
        trace(Outputs(nn.LSTM(4, 5, proj_size=3)), torch.randn(3, 2, 4))

import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.recurrent.test_recurrent import Outputs


class Cell(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        h = self.cell(x[0])
        h = self.cell(x[1], h)
        return h[0] if isinstance(h, tuple) else h


CASES = {
    "LSTM, batch first": nn.LSTM(4, 5, batch_first=True),
    "LSTM, two layers": nn.LSTM(4, 5, num_layers=2),
    "LSTM, both directions": nn.LSTM(4, 5, bidirectional=True),
    "LSTM, two layers, both directions, batch first": nn.LSTM(4, 5, num_layers=2, bidirectional=True, batch_first=True),
    "GRU, two layers, both directions, batch first": nn.GRU(4, 5, num_layers=2, bidirectional=True, batch_first=True),
    "RNN with ReLU, both directions": nn.RNN(4, 5, nonlinearity="relu", bidirectional=True),
}


@pytest.mark.parametrize("module", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(module, same_everywhere):
    same_everywhere(Outputs(module), torch.randn(3, 2, 4))


@pytest.mark.parametrize(
    "cell", [nn.LSTMCell(4, 5), nn.GRUCell(4, 5), nn.RNNCell(4, 5)], ids=lambda c: type(c).__name__
)
def test_cells(cell, same_everywhere):
    same_everywhere(Cell(cell), torch.randn(2, 3, 4))


def test_initial_states(same_everywhere):
    same_everywhere(Outputs(nn.LSTM(4, 5), (torch.randn(1, 2, 5), torch.randn(1, 2, 5))), torch.randn(3, 2, 4))


def test_initial_states_that_depend_on_the_input(same_everywhere):
    gru = nn.GRU(4, 4)
    same_everywhere(lambda x: gru(x, x[:1] * 2)[0], torch.randn(3, 2, 4))


def test_without_a_batch(same_everywhere):
    same_everywhere(Outputs(nn.GRU(4, 5)), torch.randn(3, 4))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_projections_are_refused():
    with pytest.raises(UnsupportedError, match="projections"):
        trace(Outputs(nn.LSTM(4, 5, proj_size=3)), torch.randn(3, 2, 4))

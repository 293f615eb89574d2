import pytest
import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        h = self.cell(x[0])
        h = self.cell(x[1], h)
        return h[0] if isinstance(h, tuple) else h


@pytest.mark.parametrize(
    "cell", [nn.LSTMCell(4, 5), nn.GRUCell(4, 5), nn.RNNCell(4, 5)], ids=lambda c: type(c).__name__
)
def test_cells(cell, same_everywhere):
    same_everywhere(Cell(cell), torch.randn(2, 3, 4))

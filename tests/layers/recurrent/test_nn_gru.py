import pytest
import torch
from torch import nn

from tests.layers.recurrent.test_recurrent import Outputs

CASES = {
    "GRU, two layers, both directions, batch first": nn.GRU(4, 5, num_layers=2, bidirectional=True, batch_first=True),
}


@pytest.mark.parametrize("module", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(module, same_everywhere):
    same_everywhere(Outputs(module), torch.randn(3, 2, 4))


def test_initial_states_that_depend_on_the_input(same_everywhere):
    gru = nn.GRU(4, 4)
    same_everywhere(lambda x: gru(x, x[:1] * 2)[0], torch.randn(3, 2, 4))


def test_without_a_batch(same_everywhere):
    same_everywhere(Outputs(nn.GRU(4, 5)), torch.randn(3, 4))

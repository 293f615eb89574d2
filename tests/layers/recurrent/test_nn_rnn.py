import pytest
import torch
from torch import nn

from tests.layers.recurrent.test_recurrent import Outputs

CASES = {
    "RNN with ReLU, both directions": nn.RNN(4, 5, nonlinearity="relu", bidirectional=True),
}


@pytest.mark.parametrize("module", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(module, same_everywhere):
    same_everywhere(Outputs(module), torch.randn(3, 2, 4))

import pytest
import torch
import torch.nn.functional as F
from torch import nn

CASES = {
    "glu": nn.GLU(1),
    "glu, last axis": lambda x: F.glu(x),
    "glu, first axis": lambda x: F.glu(x, 0),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 4, 3, 6), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

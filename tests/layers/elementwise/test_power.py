import pytest
import torch

CASES = {
    "cube": lambda x: x**3,
    "inverse": lambda x: x**-1,
    "root by power": lambda x: (x.abs() + 0.1) ** 0.5,
    "odd power": lambda x: (x.abs() + 0.1).pow(1.7),
    "to the 0": lambda x: x**0,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

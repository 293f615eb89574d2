import pytest
import torch

CASES = {
    "abs": torch.abs,
    "method": lambda x: x.abs(),
    "in place": lambda x: (x * 2).abs_(),
    "absolute": torch.absolute,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6), (2, 3, 4)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

import pytest
import torch

CASES = {
    "log": lambda x: torch.log(x.abs() + 0.1),
    "log, method": lambda x: (x * x + 1).log(),
    "log of exp": lambda x: torch.log(torch.exp(x) + 1),
}


OTHERS = {
    "log2": torch.log2,
    "log10": torch.log10,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("model", OTHERS.values(), ids=OTHERS)
def test_other_bases_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) + 0.2)

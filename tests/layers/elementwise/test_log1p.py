import pytest
import torch

CASES = {
    "log1p": lambda x: torch.log1p(x.abs()),
    "log1p of little": lambda x: torch.log1p(x * 1e-6),
    "log1p of hardly anything": lambda x: torch.log1p(x * 1e-20),
    "log1p of 1e36": lambda x: torch.log1p(x.abs() * 1e36),
    "log1p below 0": lambda x: x.sigmoid().neg().log1p(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


OTHERS = {
    "log1p": torch.log1p,
}


@pytest.mark.parametrize("model", OTHERS.values(), ids=OTHERS)
def test_other_bases_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) + 0.2)

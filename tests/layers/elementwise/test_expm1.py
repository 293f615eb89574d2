import pytest
import torch

CASES = {
    "expm1": lambda x: torch.expm1(x),
    "expm1 of much": lambda x: torch.special.expm1(x * 20),
    "expm1 far below 0": lambda x: torch.expm1(-x.abs() * 1e4),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


@pytest.mark.lacks(opencv="rounds tanh of little", ncnn="rounds tanh of little", mnn="rounds tanh of little")
def test_expm1_of_little(same_everywhere):
    same_everywhere(lambda x: x.mul(1e-6).expm1(), torch.randn(2, 3, 4, 5))


OTHERS = {
    "expm1": torch.expm1,
    "in place": lambda x: (x * 2).log1p_().expm1_(),
}


@pytest.mark.parametrize("model", OTHERS.values(), ids=OTHERS)
def test_other_bases_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.rand(2, 3, 4, 5) + 0.2)

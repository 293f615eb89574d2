import pytest
import torch

CASES = {
    "log1p": lambda x: torch.log1p(x.abs()),
    "log1p of little": lambda x: torch.log1p(x * 1e-6),
    "log1p of hardly anything": lambda x: torch.log1p(x * 1e-20),
    "log1p of 1e36": lambda x: torch.log1p(x.abs() * 1e36),
    "log1p below 0": lambda x: x.sigmoid().neg().log1p(),
    "expm1": lambda x: torch.expm1(x),
    "expm1 of much": lambda x: torch.special.expm1(x * 20),
    "expm1 far below 0": lambda x: torch.expm1(-x.abs() * 1e4),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


@pytest.mark.lacks(opencv="rounds tanh of little", ncnn="rounds tanh of little")
def test_expm1_of_little(same_everywhere):
    same_everywhere(lambda x: x.mul(1e-6).expm1(), torch.randn(2, 3, 4, 5))

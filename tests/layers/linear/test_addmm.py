import pytest
import torch

MATRIX = torch.randn(5, 6)
CASES = {
    "addbmm": (lambda x: torch.addbmm(torch.ones(3, 3), x, x.mT, alpha=2), (2, 3, 5)),
    "addmv": (lambda x: torch.addmv(torch.ones(2), x[:, 0], torch.arange(5.0)), (2, 3, 5)),
    "addmm": (lambda x: torch.addmm(torch.ones(6), x, MATRIX, beta=0.5, alpha=2), (3, 5)),
    "baddbmm": (lambda x: torch.baddbmm(x @ x.mT, x, x.mT), (2, 3, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

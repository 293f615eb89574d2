import pytest
import torch

MATRIX = torch.arange(12.0).reshape(4, 3) / 10
CASES = {
    "tensordot": (lambda x: torch.tensordot(x, MATRIX, dims=([1], [0])), (2, 4, 3)),
    "tensordot, two axes": (lambda x: torch.tensordot(x, MATRIX), (2, 4, 3)),
    "tensordot with a size of 1": (lambda x: torch.tensordot(x, MATRIX, dims=([1], [0])), (2, 1, 3)),
    "tensordot with a size of 1 in the other": (lambda x: torch.tensordot(x, MATRIX[:1], dims=([1], [0])), (2, 4, 3)),
    "tensordot of itself": (lambda x: torch.tensordot(x, x, dims=([0, 1], [0, 1])), (2, 4, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

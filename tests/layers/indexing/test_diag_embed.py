import pytest
import torch

from pytorch2caffe import to_torch, trace

CASES = {
    "matrices of rows": lambda x: torch.diag_embed(x),
    "matrices of rows, below": lambda x: x.diag_embed(-1),
    "matrices in other axes": lambda x: torch.diag_embed(x, 1, 0, 2),
    "matrices, the axes reversed": lambda x: torch.diag_embed(x, 1, -1, -2),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_diag_embed_is_exact_beside_large_numbers():
    x = torch.randn(2, 3, 4) * 1e38
    model = to_torch(trace(torch.diag_embed, x))
    assert torch.equal(model(x), torch.diag_embed(x))

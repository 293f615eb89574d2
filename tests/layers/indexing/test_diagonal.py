import pytest
import torch

from pytorch2caffe import to_torch, trace
from tests.layers.conftest import lacks

CASES = {
    "of the last axes": lambda x: x.diagonal(0, 2, 3),
    "above": lambda x: torch.diagonal(x, 2, 2, 3),
    "below": lambda x: torch.diagonal(x, -3, -2, -1),
    "one element": lambda x: torch.diagonal(x, 4, 2, 3),
    "the axes reversed": lambda x: torch.diagonal(x, 1, 3, 2),
    "of axes apart": lambda x: torch.diagonal(x, dim1=1, dim2=3),
    "the default axes": lambda x: x[0].diagonal(),
    "linalg": lambda x: torch.linalg.diagonal(x, offset=1),
    "of a matrix": lambda x: x[0, 0].diag(1),
    "a matrix of a row": lambda x: x[0, 0, 0].diag(),
    "a matrix of a row, above": lambda x: torch.diag(x[0, 0, 0], 2),
    "matrices of rows": lambda x: torch.diag_embed(x),
    "matrices of rows, below": lambda x: x.diag_embed(-1),
    "matrices in other axes": lambda x: torch.diag_embed(x, 1, 0, 2),
    "matrices, the axes reversed": lambda x: torch.diag_embed(x, 1, -1, -2),
    "flat": lambda x: torch.diagflat(x[0, 0], 1),
    "trace": lacks(lambda x: x[0, 0].trace(), opencv="has no scalars"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_diag_embed_is_exact_beside_large_numbers():
    x = torch.randn(2, 3, 4) * 1e38
    model = to_torch(trace(torch.diag_embed, x))
    assert torch.equal(model(x), torch.diag_embed(x))

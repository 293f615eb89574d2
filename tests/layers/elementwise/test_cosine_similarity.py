import pytest
import torch
import torch.nn.functional as F
from torch import nn

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "cosine_similarity": lambda x, y: F.cosine_similarity(x, y),
    "cosine_similarity, module": nn.CosineSimilarity(dim=-1),
    "cosine_similarity, of a zero": lambda x, y: F.cosine_similarity(x * 0, y, 2),
    "cosine_similarity, broadcast along its axis": lambda x, y: F.cosine_similarity(x[:, :1], y, 1),
    "cosine_similarity, of fewer axes": lambda x, y: F.cosine_similarity(x[0, 0], y, 1),
    "cosine_similarity, broadcast": lambda x, y: F.cosine_similarity(x[:, :, None], y[:, None], -1),
    "cosine_similarity with a constant": lambda x, y: F.cosine_similarity(x + y, TABLE[None, None], -1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))

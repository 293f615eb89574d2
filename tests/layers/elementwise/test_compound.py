import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace

TABLE = torch.rand(4, 5) + 0.5
CASES = {
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.5),
    "addcmul with a constant": lambda x, y: x.addcmul(y, TABLE) + torch.addcmul(x, TABLE, TABLE, value=2),
    "addcdiv": lambda x, y: torch.addcdiv(x, x, y + 2, value=-2),
    "addcdiv of a constant": lambda x, y: x.addcdiv(TABLE, y + 2),
    "lerp by a number": lambda x, y: torch.lerp(x, y, 0.3),
    "lerp by a tensor": lambda x, y: x.lerp(y, TABLE),
    "lerp by a traced tensor": lambda x, y: torch.lerp(x, y, x.sigmoid()),
    "hypot": lambda x, y: torch.hypot(x, y) + x.hypot(TABLE),
    "cosine_similarity": lambda x, y: F.cosine_similarity(x, y),
    "cosine_similarity, module": nn.CosineSimilarity(dim=-1),
    "cosine_similarity, of a zero": lambda x, y: F.cosine_similarity(x * 0, y, 2),
    "cosine_similarity, broadcast along its axis": lambda x, y: F.cosine_similarity(x[:, :1], y, 1),
    "cosine_similarity, of fewer axes": lambda x, y: F.cosine_similarity(x[0, 0], y, 1),
    "cosine_similarity, broadcast": lambda x, y: F.cosine_similarity(x[:, :, None], y[:, None], -1),
    "cosine_similarity with a constant": lambda x, y: F.cosine_similarity(x + y, TABLE[None, None], -1),
    "pairwise_distance": lambda x, y: F.pairwise_distance(x, y),
    "pairwise_distance, kept": nn.PairwiseDistance(keepdim=True),
    "pairwise_distance, eps": lambda x, y: F.pairwise_distance(x, y, eps=0.5),
    "square": lambda x, y: torch.square(x) + y.square(),
    "clamp with tensors": lambda x, y: torch.clamp(x, y - 1, TABLE),
    "ravel": lambda x, y: (x + y).ravel()[None],
    "atleast_3d": lambda x, y: torch.atleast_3d(x[0, 0]) + y[0, 0, :, :, None],
    "atleast_1d, 2d": lambda x, y: torch.atleast_1d(x) + torch.atleast_2d(y),
    "meshgrid of constants": lambda x, y: (
        x + y * torch.meshgrid(torch.arange(4.0), torch.arange(5.0), indexing="ij")[1]
    ),
    "rsub": lambda x, y: torch.rsub(x, y) + torch.rsub(x, 1, alpha=2) + (1 - y),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))


def test_another_distance_is_refused():
    with pytest.raises(UnsupportedError, match="p=1"):
        trace(lambda x: F.pairwise_distance(x, x * 2, p=1), torch.zeros(2, 3))

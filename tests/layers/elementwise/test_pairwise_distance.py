import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "pairwise_distance": lambda x, y: F.pairwise_distance(x, y),
    "pairwise_distance, kept": nn.PairwiseDistance(keepdim=True),
    "pairwise_distance, eps": lambda x, y: F.pairwise_distance(x, y, eps=0.5),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5))


def test_another_distance_is_refused():
    with pytest.raises(UnsupportedError, match="p=1"):
        trace(lambda x: F.pairwise_distance(x, x * 2, p=1), torch.zeros(2, 3))

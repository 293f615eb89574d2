import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace


@pytest.mark.parametrize("model", [nn.RReLU(), nn.RReLU(0.1, 0.5)], ids=["rrelu", "bounds"])
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_is_refused_in_training():
    with pytest.raises(UnsupportedError, match="rrelu with training=True is random"):
        trace(lambda x: F.rrelu(x, training=True), torch.zeros(2, 3))

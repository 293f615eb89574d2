import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace


def test_weights_are_refused():
    with pytest.raises(UnsupportedError, match="a loss with weight"):
        trace(lambda x: F.mse_loss(x, x * 2, weight=torch.ones(2, 5)), torch.randn(2, 5))

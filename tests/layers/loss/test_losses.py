import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace

TARGET = torch.arange(60.0).reshape(3, 4, 5) / 30 - 1
CASES = {
    "L1": lambda x: F.l1_loss(x, TARGET[None].expand_as(x)),
    "L1, summed up": lambda x: nn.L1Loss(reduction="sum")(x, x.flip(1)),
    "squares": lambda x: F.mse_loss(x, x * 2 + 1),
    "squares, each": lambda x: nn.MSELoss(reduction="none")(x, x.flip(1)),
    "smooth L1": lambda x: F.smooth_l1_loss(x, x.flip(1), reduction="none", beta=0.5),
    "smooth L1 of beta 0": lambda x: F.smooth_l1_loss(x, x.flip(1), beta=0.0, reduction="none"),
    "Huber": lambda x: F.huber_loss(x, TARGET[None].expand_as(x), delta=0.7, reduction="none"),
    "a constant to it": lambda x: nn.HuberLoss(reduction="sum")(TARGET[None].expand_as(x), x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(lambda x: model(x) * torch.ones(1), torch.randn(2, 3, 4, 5) * 2)


def test_weights_are_refused():
    with pytest.raises(UnsupportedError, match="a loss with weight"):
        trace(lambda x: F.mse_loss(x, x * 2, weight=torch.ones(2, 5)), torch.randn(2, 5))

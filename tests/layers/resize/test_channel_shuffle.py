import pytest
import torch
from torch import nn

CASES = {
    "channel shuffle by 2": (nn.ChannelShuffle(2), (1, 6, 3, 5)),
    "channel shuffle by 3": (nn.ChannelShuffle(3), (2, 12, 3, 5)),
    "channel shuffle of many": (nn.ChannelShuffle(2), (1, 58, 3, 3)),
    "channel shuffle of as many": (nn.ChannelShuffle(6), (1, 6, 3, 5)),
    "channel shuffle by hand": (
        lambda x: x.view(x.shape[0], 2, 3, 4, 5).transpose(1, 2).contiguous().view(x.shape[0], -1, 4, 5),
        (2, 6, 4, 5),
    ),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import types_of

CASES = {
    "pixel shuffle by 2": (nn.PixelShuffle(2), (1, 8, 3, 5)),
    "pixel shuffle by 2, batch of two": (nn.PixelShuffle(2), (2, 8, 3, 5)),
    "pixel shuffle by 3": (nn.PixelShuffle(3), (1, 18, 2, 4)),
    "pixel shuffle to one channel": (nn.PixelShuffle(4), (1, 16, 3, 3)),
    "pixel shuffle without a batch": (lambda x: F.pixel_shuffle(x[0], 2), (1, 8, 3, 5)),
    "pixel unshuffle by 2": (nn.PixelUnshuffle(2), (1, 3, 4, 6)),
    "pixel unshuffle by 3, batch of two": (nn.PixelUnshuffle(3), (2, 2, 6, 3)),
    "there and back": (nn.Sequential(nn.PixelUnshuffle(2), nn.PixelShuffle(2), nn.ReLU()), (1, 3, 4, 6)),
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


def test_a_shuffle_of_two_groups_is_cut_and_joined():
    types = types_of(nn.ChannelShuffle(2), torch.zeros(1, 6, 3, 5))
    assert types == ["Reshape", "Slice", "Reshape", "Reshape", "Concat", "Reshape"]

import torch
from torch import nn

from tests.layers.conftest import types_of


def test_a_shuffle_of_two_groups_is_cut_and_joined():
    types = types_of(nn.ChannelShuffle(2), torch.zeros(1, 6, 3, 5))
    assert types == ["Slice", "Concat", "Reshape"]

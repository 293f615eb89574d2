import itertools

import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
CASES = {
    f"permute {order}": (lambda x, order=order: x.permute(order), IMAGE) for order in itertools.permutations(range(4))
}
CASES |= {
    "negative axes": (lambda x: x.permute(0, -1, 1, 2), IMAGE),
    "torch.permute": (lambda x: torch.permute(x, (0, 2, 3, 1)), IMAGE),
    "there and back": (lambda x: (x.permute(0, 2, 3, 1) * 2).permute(0, 3, 1, 2), IMAGE),
    "axes of size one": (lambda x: x.permute(0, 2, 3, 1), (2, 1, 4, 5)),
    "a picture of one channel": (lambda x: x.permute(2, 3, 0, 1), (1, 3, 4, 5)),
    "3-D": (lambda x: x.permute(2, 0, 1), (2, 3, 4)),
    "5-D": (lambda x: x.permute(0, 3, 1, 4, 2), (2, 2, 3, 2, 3)),
    "6-D": (lambda x: x.permute(0, 3, 5, 1, 4, 2), (1, 2, 3, 2, 2, 3)),
    "6-D, reversed": (lambda x: x.permute(5, 4, 3, 2, 1, 0), (1, 2, 3, 2, 2, 3)),
    "channel shuffle": (lambda x: x.view(2, 2, 3, 4, 5).transpose(1, 2).reshape(2, 6, 4, 5), (2, 6, 4, 5)),
    "pixel shuffle by hand": (
        lambda x: x.view(2, 3, 2, 2, 4, 5).permute(0, 1, 4, 2, 5, 3).reshape(2, 3, 8, 10),
        (2, 12, 4, 5),
    ),
    "pixel unshuffle by hand": (
        lambda x: x.view(2, 3, 2, 2, 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(2, 12, 2, 2),
        (2, 3, 4, 4),
    ),
    "heads of attention": (lambda x: x.reshape(2, 5, 3, 2, 2).permute(2, 0, 3, 1, 4), (2, 5, 12)),
    "a head of a detector": (lambda x: x.view(2, 3, 4, 2, 3).permute(0, 1, 3, 4, 2).contiguous(), (2, 12, 2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 4)], ids=str)
def test_runs_behind_a_layer(shape, same_everywhere):
    same_everywhere(nn.Sequential(nn.Conv2d(3, 2, 1), Last()), torch.randn(shape))


class Last(nn.Module):
    """Channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1)


def test_moving_axes_of_size_one_is_a_reshape():
    assert types_of(lambda x: x.permute(0, 2, 3, 1), torch.zeros(2, 1, 4, 5)) == ["Reshape"]


def test_an_order_that_changes_nothing_is_no_layer():
    assert types_of(lambda x: x.permute(0, 1, 2, 3).relu(), torch.zeros(2, 3, 4, 5)) == ["ReLU"]

import torch

from tests.layers.conftest import types_of


def test_is_one_layer():
    assert types_of(lambda x, y: torch.cat((x, y)), torch.zeros(2, 3), torch.zeros(1, 3)) == ["Concat"]

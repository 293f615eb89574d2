import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of


class Pooling(nn.Module):
    """A learned token that gathers all others."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.token = nn.Parameter(torch.randn(1, 1, 8))

    def forward(self, x):
        return self.attention(self.token.expand(len(x), -1, -1), x, x, need_weights=False)[0]


@pytest.mark.parametrize("samples", [1, 2])
def test_runs_the_same_everywhere(samples, same_everywhere):
    same_everywhere(Pooling(), torch.randn(samples, 5, 8))


def test_at_most_ten_layers():
    types = types_of(Pooling(), torch.randn(1, 5, 8))
    assert len(types) <= 10
    assert types.count("Eltwise") == 1
    assert "Deconvolution" not in types

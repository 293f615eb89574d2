import pytest
import torch
from torch import nn

from tests.layers.conftest import types_of


class Positions(nn.Module):
    """Embeddings with a table of positions, and a class token in front."""

    def __init__(self):
        super().__init__()
        self.register_buffer("token", torch.randn(1, 1, 6))
        self.table = nn.Parameter(torch.randn(1, 6, 6))

    def forward(self, x):
        return torch.cat((self.token.expand(len(x), -1, -1), x), 1) + self.table


BUFFER = torch.randn(2, 3, 4, 5)
CASES = {
    "a positional table": (Positions(), (2, 5, 6)),
    "cat with a buffer": (lambda x: torch.cat((x, BUFFER), 1), (2, 3, 4, 5)),
    "cat with a batch's worth of a vector": (lambda x: torch.cat((x, BUFFER[0, 0, 0].expand(2, 5)), 1), (2, 3)),
    "maximum with a buffer": (lambda x: torch.maximum(x, BUFFER), (2, 3, 4, 5)),
    "minimum with a vector": (lambda x: torch.minimum(x, BUFFER[0, 0, 0]), (2, 3, 4, 5)),
    "zeros_like": (lambda x: torch.cat((x, torch.zeros_like(x)), 1), (2, 3, 4, 5)),
    "ones from its shape": (lambda x: torch.cat((x, torch.ones(x.shape[0], 2)), 1), (2, 3)),
    "huge input, so the constant must not depend on it": (lambda x: torch.stack((x * 1e30, torch.ones(2, 3))), (2, 3)),
    "a scalar": (lambda x: torch.stack((x.sum(), torch.tensor(2.0))), (2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_a_parameter_in_caffe_master():
    assert types_of(CASES["cat with a buffer"][0], torch.zeros(2, 3, 4, 5), dialect="caffe-master") == [
        "Parameter",
        "Concat",
    ]

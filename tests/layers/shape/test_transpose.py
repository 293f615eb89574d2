import pytest
import torch

from pytorch2caffe import UnsupportedError
from tests.layers.conftest import types_of

IMAGE = (2, 3, 4, 5)
CASES = {
    "transpose": (lambda x: x.transpose(1, 2), IMAGE),
    "transpose, negative": (lambda x: x.transpose(-1, -3), IMAGE),
    "swapaxes": (lambda x: torch.swapaxes(x, 0, 1), IMAGE),
    "t": (lambda x: x.t(), (3, 4)),
    "T": (lambda x: x.T, (3, 4)),
    "mT": (lambda x: x.mT, (2, 3, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_too_many_pieces_are_refused():
    with pytest.raises(UnsupportedError, match="matrix of 5000 rows, more than 4096"):
        types_of(lambda x: x.t(), torch.zeros(5000, 5000))

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

CASES = {
    "shared": (nn.PReLU(), (2, 3, 4, 5)),
    "shared, 2-D": (nn.PReLU(), (2, 6)),
    "shared, 3-D": (nn.PReLU(), (2, 3, 4)),
    "per channel": (nn.PReLU(3), (2, 3, 4, 5)),
    "per channel, 2-D": (nn.PReLU(6), (2, 6)),
    "per channel, 3-D": (nn.PReLU(3), (2, 3, 4)),
    "one channel": (nn.PReLU(1), (2, 1, 4, 5)),
    "per channel, 5-D": (nn.PReLU(3), (2, 3, 4, 5, 2)),
    "shared, 5-D": (nn.PReLU(), (2, 3, 4, 5, 2)),
    "shared, 1-D": (nn.PReLU(), (6,)),
    "functional": (lambda x: F.prelu(x, torch.tensor([0.1, -0.2, 1.5])), (2, 3, 4, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_one_layer():
    assert types_of(nn.PReLU(3), torch.zeros(2, 3, 4, 5)) == ["PReLU"]


def test_a_slope_that_depends_on_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="slope that depends on the input"):
        trace(lambda x: F.prelu(x, x[0, :, 0, 0]), torch.zeros(2, 3, 4, 5))

import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.elementwise.test_binary import IMAGE

CASES = {
    "divide": lambda x, y: torch.divide(x, y.abs() + 1),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (lambda x: torch.div(x, x, rounding_mode="floor"), "div with rounding_mode='floor' by a tensor"),
        (lambda x: x / 0, "division by zero"),
    ],
    ids=["rounded", "by zero"],
)
def test_others_are_refused(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.ones(IMAGE))

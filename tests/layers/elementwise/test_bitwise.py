import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.elementwise.test_compare import numbers

CASES = {
    "and, or, not": lambda x: (x > 0) & ~(x > 1) | (x < -1),
    "in place": lambda x: (x > 0).__iand__(x < 1),
}


REFUSED = {
    "bits of whole numbers": (lambda x: x.argmax(1) & 1, "and of numbers instead of bool"),
    "not of whole numbers": (lambda x: ~x.argmax(1), "not of numbers instead of bool"),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, numbers())


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(2, 3, 4, 5))

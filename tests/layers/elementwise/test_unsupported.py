import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "tangent": (lambda x: x.tan(), r"write x.sin\(\) / x.cos\(\)"),
    "hyperbolic sine": (torch.sinh, "torch.sinh: no Caffe layer computes a hyperbolic sine"),
    "one_hot": (lambda x: F.one_hot(x.argmax(1), 3), "a Python decision or number taken from traced values"),
}


@pytest.mark.parametrize(("model", "match"), CASES.values(), ids=CASES)
def test_is_refused_with_the_reason(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.randn(1, 3, 4) * 2)

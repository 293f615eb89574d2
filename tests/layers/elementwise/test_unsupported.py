import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "tangent": (lambda x: x.tan(), r"write x.sin\(\) / x.cos\(\)"),
    "hyperbolic sine": (torch.sinh, "torch.sinh: no Caffe layer computes a hyperbolic sine"),
}


@pytest.mark.parametrize(("model", "match"), CASES.values(), ids=CASES)
def test_is_refused_with_the_reason(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.randn(1, 3, 4) * 2)

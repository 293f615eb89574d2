import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "arc tangent": (torch.atan, "torch.atan: no Caffe layer gives the angle of a number"),
    "arc cosine": (lambda x: x.acos(), "torch.Tensor.acos: no Caffe layer gives the angle of a number"),
    "angle of a vector": (lambda x: torch.atan2(x, x + 1), "return its two components, and compute their angle"),
    "tangent": (lambda x: x.tan(), r"write x.sin\(\) / x.cos\(\)"),
    "one_hot": (lambda x: F.one_hot(x.argmax(1), 3), "a Python decision or number taken from traced values"),
}


@pytest.mark.parametrize(("model", "match"), CASES.values(), ids=CASES)
def test_is_refused_with_the_reason(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.randn(1, 3, 4) * 2)

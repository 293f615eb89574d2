import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "floor": (torch.floor, "torch.floor: no Caffe layer rounds"),
    "ceil": (lambda x: x.ceil(), "torch.Tensor.ceil: no Caffe layer rounds"),
    "round": (lambda x: torch.round(x, decimals=1), "torch.round: no Caffe layer rounds"),
    "trunc": (lambda x: x.trunc_(), "no Caffe layer rounds"),
    "sine": (torch.sin, "torch.sin: no Caffe layer is trigonometric"),
    "cosine": (lambda x: x.cos(), "torch.Tensor.cos: no Caffe layer is trigonometric"),
    "one_hot": (lambda x: F.one_hot(x.argmax(1), 3), "a Python decision or number taken from traced values"),
}


@pytest.mark.parametrize(("model", "match"), CASES.values(), ids=CASES)
def test_is_refused_with_the_reason(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.randn(1, 3, 4) * 2)

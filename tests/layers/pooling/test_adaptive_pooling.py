import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from pytorch2caffe.layers.pooling.adaptive_pooling import windows
from tests.layers.conftest import types_of

SIZES = {
    "1x1": 1,
    "dividing": (4, 3),
    "dividing, square": 2,
    "not dividing": (5, 7),
    "one axis divides": (4, 5),
    "rectangular": (1, 3),
    "None keeps the height": (None, 3),
    "None keeps the width": (5, None),
    "the size it has": (8, 12),
    "one row": (1, None),
}
CASES = {f"average {name}": nn.AdaptiveAvgPool2d(size) for name, size in SIZES.items()}
CASES |= {f"maximum {name}": nn.AdaptiveMaxPool2d(size) for name, size in SIZES.items()}
CASES |= {
    "without a batch": lambda x: F.adaptive_avg_pool2d(x[0], 3),
    "maximum without a batch": lambda x: F.adaptive_max_pool2d(x[0], (4, 5)),
    "without a batch, the size it has": lambda x: F.adaptive_avg_pool2d(x[0], (8, 12)) * 2,
    "values of adaptive_max_pool2d_with_indices": lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True)[0],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 8, 12))


def test_to_one_pixel_is_global_pooling():
    (node,) = trace(nn.AdaptiveAvgPool2d(1), torch.zeros(1, 3, 7, 9)).nodes
    assert node.layer.to_caffe() == {"pool": "AVE", "global_pooling": True}


def test_equal_windows_are_one_pooling():
    assert types_of(nn.AdaptiveMaxPool2d(4), torch.zeros(1, 3, 8, 12)) == ["Pooling"]


@pytest.mark.parametrize(("size", "count"), [(7, 3), (12, 5), (5, 8)])
def test_windows_are_those_of_pytorch(size, count):
    x = torch.randn(1, 1, 1, size)
    expected = torch.stack([x[..., begin:end].mean(-1) for begin, end in windows(size, count)], -1)
    torch.testing.assert_close(F.adaptive_avg_pool2d(x, (1, count)), expected)


def test_indices_are_refused_where_they_are_used():
    def model(x):
        values, indices = F.adaptive_max_pool2d(x, 2, return_indices=True)
        return values + indices

    with pytest.raises(UnsupportedError, match="no Caffe layer computes"):
        trace(model, torch.zeros(1, 3, 8, 8))

"""The IR's Pool, against PyTorch's functions on input that F.pad has padded."""

import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import ConversionError, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from tests.layers.conftest import relative_l2

SIZES = {"even": (8, 10), "odd": (9, 7)}
PADS = {
    "none": (0, 0, 0, 0),
    "equal": (1, 1, 1, 1),
    "more after": (0, 1, 1, 1),
    "much more after": (0, 0, 2, 2),
    "more before": (2, 1, 0, 1),
}


def nodes(op, shape, attrs, weights=None, source_attrs=None):
    height, width = shape[2:]
    data = IrNode("x", "DataInput", attrs={"shape": (-1, height, width, shape[1])})
    return [data, IrNode("y", op, ["x"], attrs, weights or {})]


def eight(pads):
    top, left, bottom, right = pads
    return [0, top, left, 0, 0, bottom, right, 0]


def padded(x, pads, value=0.0):
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=value)


def check(graph, x, expected):
    with torch.no_grad():
        actual = to_torch(graph)(x)
    assert relative_l2(actual.numpy(), expected.numpy()) < 1e-5


@pytest.mark.parametrize("pads", PADS.values(), ids=PADS)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_maximum(pads, size, stride):
    x = torch.randn(2, 3, *size)
    attrs = {
        "pooling_type": "MAX",
        "kernel_shape": [1, 3, 3, 1],
        "strides": [1, stride, stride, 1],
        "pads": eight(pads),
    }
    check(graph_of(nodes("Pool", x.shape, attrs)), x, F.max_pool2d(padded(x, pads, float("-inf")), 3, stride))


@pytest.mark.parametrize("pads", PADS.values(), ids=PADS)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_average_of_what_is_not_padding(pads, size, stride):
    x = torch.randn(2, 3, *size)
    attrs = {
        "pooling_type": "AVG",
        "kernel_shape": [1, 3, 3, 1],
        "strides": [1, stride, stride, 1],
        "pads": eight(pads),
    }
    total, elements = (F.avg_pool2d(padded(t, pads), 3, stride, divisor_override=1) for t in (x, torch.ones_like(x)))
    check(graph_of(nodes("Pool", x.shape, attrs)), x, total / elements.clamp(min=1))


REFUSED = {
    "an odd pooling": ("Pool", {"pooling_type": "STOCHASTIC", "kernel_shape": [1, 2, 2, 1]}, {}, "STOCHASTIC"),
    "a window too large": ("Pool", {"pooling_type": "MAX", "kernel_shape": [1, 99, 99, 1]}, {}, "smaller windows"),
}


@pytest.mark.parametrize(("op", "attrs", "weights", "what"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(op, attrs, weights, what):
    with pytest.raises(ConversionError, match=what):
        graph_of(nodes(op, (1, 3, 8, 8), attrs, weights))

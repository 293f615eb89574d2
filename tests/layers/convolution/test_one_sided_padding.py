"""The IR's convolutions, each against PyTorch's functions on input that F.pad has padded."""

import numpy as np
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
@pytest.mark.parametrize(("stride", "dilation", "group"), [(1, 1, 1), (2, 1, 2), (1, 2, 1), (3, 2, 2)])
def test_convolution(pads, size, stride, dilation, group):
    x, weight, bias = torch.randn(2, 4, *size), torch.randn(6, 4 // group, 3, 2), torch.randn(6)
    attrs = {
        "pads": eight(pads),
        "strides": [1, stride, stride, 1],
        "dilations": [1, dilation, dilation, 1],
        "group": group,
        "kernel_shape": [3, 2, 4, 6],
    }
    weights = {"weights": weight.permute(2, 3, 1, 0).numpy(), "bias": bias.numpy().reshape(1, 1, 1, 6)}
    expected = F.conv2d(padded(x, pads), weight, bias, stride, 0, dilation, group)
    check(graph_of(nodes("Conv", x.shape, attrs, weights)), x, expected)


def test_depthwise_convolution_with_a_multiplier():
    x, weight = torch.randn(2, 4, 8, 9), torch.randn(8, 1, 3, 3)
    weights = {"weights": weight.reshape(4, 2, 3, 3).permute(2, 3, 0, 1).numpy()}
    graph = graph_of(nodes("DepthwiseConv", x.shape, {"pads": eight((1, 1, 1, 1))}, weights))
    check(graph, x, F.conv2d(x, weight, padding=1, groups=4))


def test_transposed_convolution_of_tensorflow_crops_the_larger_half_at_the_end():
    x, weight = torch.randn(1, 4, 5, 4), torch.randn(4, 6, 3, 3)
    attrs = {"strides": [1, 2, 2, 1], "_output_shapes": [(1, 10, 8, 6)]}
    graph = graph_of(nodes("ConvTranspose", x.shape, attrs, {"weights": weight.permute(2, 3, 1, 0).numpy()}))
    check(graph, x, F.conv_transpose2d(x, weight, stride=2)[:, :, :10, :8])


REFUSED = {
    "weights of another network": ("Conv", {}, {"weights": np.ones((3, 3, 5, 6))}, "with weights for 5"),
    "no weights": ("Conv", {}, {}, "lacks its weights"),
    "weights of two axes": ("Conv", {}, {"weights": np.ones((3, 3))}, "not of 4 axes"),
    "a stride of 0": ("Conv", {"strides": [1, 0, 1, 1]}, {"weights": np.ones((3, 3, 3, 6))}, "integers above 0"),
    "too few pads": ("Conv", {"pads": [1, 2, 3]}, {"weights": np.ones((3, 3, 3, 6))}, "pads must be"),
    "no size of the output": ("ConvTranspose", {}, {"weights": np.ones((3, 3, 6, 3))}, "size of its output"),
}


@pytest.mark.parametrize(("op", "attrs", "weights", "what"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(op, attrs, weights, what):
    with pytest.raises(ConversionError, match=what):
        graph_of(nodes(op, (1, 3, 8, 8), attrs, weights))

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import types_of

WEIGHT = torch.randn(6, 4, 3, 3)

CONV2D = {
    "3x3": nn.Conv2d(4, 6, 3),
    "1x1": nn.Conv2d(4, 6, 1),
    "no bias": nn.Conv2d(4, 6, 3, bias=False),
    "stride": nn.Conv2d(4, 6, 3, stride=2),
    "padding": nn.Conv2d(4, 6, 3, padding=1),
    "stride and padding": nn.Conv2d(4, 6, 5, 3, 2),
    "same": nn.Conv2d(4, 6, 3, padding="same"),
    "valid": nn.Conv2d(4, 6, 3, padding="valid"),
    "same with an even kernel": nn.Conv2d(4, 6, 4, padding="same"),
    "same with an even and an odd kernel": nn.Conv2d(4, 6, (2, 3), padding="same"),
    "same, dilated": nn.Conv2d(4, 6, 3, padding="same", dilation=2),
    "same with an even kernel, dilated evenly": nn.Conv2d(4, 6, 2, padding="same", dilation=2),
    "same with an even kernel, dilated oddly": nn.Conv2d(4, 6, 2, padding="same", dilation=3),
    "same with an even kernel, groups": nn.Conv2d(4, 6, 2, padding="same", groups=2),
    "dilation": nn.Conv2d(4, 6, 3, dilation=2),
    "dilation, rectangular": nn.Conv2d(4, 6, 3, dilation=(1, 3)),
    "groups": nn.Conv2d(4, 6, 3, groups=2),
    "depthwise": nn.Conv2d(4, 4, 3, padding=1, groups=4),
    "depthwise, two each": nn.Conv2d(4, 8, 3, groups=4, bias=False),
    "rectangular everything": nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2)),
    "without a batch": lambda x: F.conv2d(x[0], WEIGHT),
    "functional": lambda x: F.conv2d(x, WEIGHT, stride=(1, 2), padding=(0, 1)),
    "shared weights": lambda x: F.conv2d(x, WEIGHT) + F.conv2d(x * 2, WEIGHT),
}
CONV1D = {
    "plain": nn.Conv1d(4, 6, 3),
    "stride, padding, dilation": nn.Conv1d(4, 6, 3, 2, 1, 2),
    "depthwise, no bias": nn.Conv1d(4, 4, 3, groups=4, bias=False),
    "groups": nn.Conv1d(4, 6, 2, groups=2),
    "same": nn.Conv1d(4, 6, 3, padding="same"),
    "same with an even kernel": nn.Conv1d(4, 6, 4, padding="same"),
    "without a batch": lambda x: F.conv1d(x[0], WEIGHT[..., 0]),
}
CONV3D = {
    "plain": nn.Conv3d(2, 4, 3),
    "stride, padding, dilation": nn.Conv3d(2, 4, 3, (1, 2, 1), (1, 0, 2), (1, 1, 2)),
    "rectangular, no bias": nn.Conv3d(2, 4, (1, 2, 3), bias=False),
    "groups": nn.Conv3d(2, 4, 2, groups=2),
    "same": nn.Conv3d(2, 4, 3, padding="same"),
    "without a batch": lambda x: F.conv3d(x[0], torch.ones(2, 2, 2, 2, 2)),
}


@pytest.mark.parametrize("model", CONV2D.values(), ids=CONV2D)
@pytest.mark.parametrize("shape", [(2, 4, 9, 8), (1, 4, 7, 10)], ids=str)
def test_conv2d_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize("model", CONV1D.values(), ids=CONV1D)
def test_conv1d_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 11))


@pytest.mark.parametrize("model", CONV3D.values(), ids=CONV3D)
def test_conv3d_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 2, 5, 6, 7))


@pytest.mark.parametrize("kernel", [3, 4, (2, 3)], ids=str)
def test_same_is_one_layer(kernel):
    assert types_of(nn.Conv2d(4, 6, kernel, padding="same"), torch.zeros(1, 4, 8, 8)) == ["Convolution"]


def test_a_weight_that_depends_on_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="conv2d with weights that depend on the input"):
        trace(lambda x: F.conv2d(x, x), torch.zeros(1, 3, 8, 8))


def test_the_same_weights_are_stored_once():
    first, second = (n for n in trace(CONV2D["shared weights"], torch.zeros(1, 4, 8, 8)).nodes if n.blobs)
    assert first.blobs[0] is second.blobs[0]

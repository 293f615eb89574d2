import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks, types_of

VOLUMES = "deconvolves two axes only, and says so"

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
TRANSPOSED = {
    "2x2 stride 2": nn.ConvTranspose2d(4, 6, 2, 2),
    "3x3": nn.ConvTranspose2d(4, 6, 3),
    "no bias": nn.ConvTranspose2d(4, 6, 3, 2, bias=False),
    "stride and padding": nn.ConvTranspose2d(4, 6, 4, 2, 1),
    "groups": nn.ConvTranspose2d(4, 6, 3, 2, groups=2),
    "depthwise": nn.ConvTranspose2d(4, 4, 3, 2, groups=4, bias=False),
    "dilation": nn.ConvTranspose2d(4, 6, 3, dilation=2),
    "dilation, rectangular": nn.ConvTranspose2d(4, 6, 3, dilation=(1, 3)),
    "output padding": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1),
    "output padding, no bias": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, bias=False),
    "output padding of two": nn.ConvTranspose2d(4, 6, 3, 3, 0, output_padding=2),
    "output padding, one axis": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=(0, 1)),
    "output padding and dilation": nn.ConvTranspose2d(4, 6, 3, 3, 1, output_padding=1, dilation=2),
    "output padding beyond the dilation": nn.ConvTranspose2d(4, 6, 2, 4, 1, output_padding=3, dilation=2),
    "output padding and groups": nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2),
    "rectangular everything": nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), dilation=(1, 2)),
    "without a batch": lambda x: F.conv_transpose2d(x[0], torch.ones(4, 2, 3, 3)),
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


@pytest.mark.parametrize("model", TRANSPOSED.values(), ids=TRANSPOSED)
@pytest.mark.parametrize("shape", [(2, 4, 5, 6), (1, 4, 6, 4)], ids=str)
def test_conv_transpose2d_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_depthwise_is_one_convolution_with_groups():
    (node,) = trace(nn.Conv2d(4, 4, 3, groups=4), torch.zeros(1, 4, 8, 8)).nodes
    assert node.layer.to_caffe() == {"num_output": 4, "kernel_size": [3], "group": 4}


@pytest.mark.parametrize("kernel", [3, 4, (2, 3)], ids=str)
def test_same_is_one_layer(kernel):
    assert types_of(nn.Conv2d(4, 6, kernel, padding="same"), torch.zeros(1, 4, 8, 8)) == ["Convolution"]


def test_output_padding_is_one_layer():
    model = nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1)
    assert types_of(model, torch.zeros(1, 4, 8, 8)) == ["Deconvolution"]


def test_dilation_of_a_transposed_convolution_is_zeros_in_its_kernel():
    model = nn.ConvTranspose2d(4, 6, 3, dilation=2)
    assert types_of(model, torch.zeros(1, 4, 8, 8)) == ["Deconvolution"]
    assert types_of(model, torch.zeros(1, 4, 8, 8), dialect="caffe-master") == ["Deconvolution"]


def test_a_weight_that_depends_on_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="conv2d with weights that depend on the input"):
        trace(lambda x: F.conv2d(x, x), torch.zeros(1, 3, 8, 8))


def test_the_same_weights_are_stored_once():
    first, second = (n for n in trace(CONV2D["shared weights"], torch.zeros(1, 4, 8, 8)).nodes if n.blobs)
    assert first.blobs[0] is second.blobs[0]


OTHER_RANKS = {
    "1-D": (nn.ConvTranspose1d(4, 6, 3, 2), (2, 4, 7)),
    "1-D, everything": (nn.ConvTranspose1d(4, 6, 3, 3, 1, 2, 2, dilation=2), (2, 4, 7)),
    "1-D, no bias": (nn.ConvTranspose1d(4, 6, 4, 2, 1, bias=False), (2, 4, 7)),
    "1-D without a batch": (nn.ConvTranspose1d(4, 6, 3), (4, 7)),
    "3-D": lacks(nn.ConvTranspose3d(2, 3, 2, 2), (1, 2, 3, 4, 5), opencv=VOLUMES),
    "3-D, everything": lacks(
        nn.ConvTranspose3d(2, 4, 3, 2, 1, 1, 2, dilation=(1, 2, 1)), (1, 2, 3, 4, 5), opencv=VOLUMES
    ),
}


@pytest.mark.parametrize(("model", "shape"), OTHER_RANKS.values(), ids=OTHER_RANKS)
def test_transposed_over_one_and_three_axes(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

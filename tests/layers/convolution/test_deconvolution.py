import torch
from torch import nn

from tests.layers.conftest import types_of


def test_output_padding_is_one_layer():
    model = nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1)
    assert types_of(model, torch.zeros(1, 4, 8, 8)) == ["Deconvolution"]


def test_dilation_of_a_transposed_convolution_is_zeros_in_its_kernel():
    model = nn.ConvTranspose2d(4, 6, 3, dilation=2)
    assert types_of(model, torch.zeros(1, 4, 8, 8)) == ["Deconvolution"]
    assert types_of(model, torch.zeros(1, 4, 8, 8), dialect="caffe-master") == ["Deconvolution"]

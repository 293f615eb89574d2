"""Im2col as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer {{ name: "i" type: "Im2col" bottom: "x" top: "i" convolution_param {{ {} }} }}'
CASES = [
    "kernel_size: 3",
    "kernel_size: 3 stride: 2 pad: 1",
    "kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 1",
    "kernel_size: 2 dilation: 2",
]


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("shape", [(2, 3, 6, 7), (1, 1, 5, 5)], ids=str)
def test_means_what_real_caffe_means(shape, settings, same_as_caffe):
    same_as_caffe(LAYER.format(settings), x=np.random.default_rng(0).standard_normal(shape))


def test_other_axes_are_refused(refused):
    refused(LAYER.format("kernel_size: 2"), "4 axes", x=(2, 3, 6))

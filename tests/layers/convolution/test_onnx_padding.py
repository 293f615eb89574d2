"""The padding of ONNX's convolutions and poolings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe.errors import Refused
from pytorch2caffe.layers.convolution.onnx_padding import pads_of, sizes_of
from tests.frontends.onnx.nets import array, computed


def test_auto_pad_and_what_is_refused():
    window = (7,), (2,), (2,), (1,), None
    assert pads_of(*window, "SAME_UPPER") == [(0, 1)] and pads_of(*window, "SAME_LOWER") == [(1, 0)]
    assert pads_of(*window, "VALID") == [(0, 0)]
    for wrong in ({"auto_pad": "SAME"}, {"pads": [1]}, {"pads": [-1, 0]}):
        with pytest.raises(Refused):
            pads_of((7,), (2,), (2,), (1,), **{"pads": None, "auto_pad": "NOTSET", **wrong})
    with pytest.raises(Refused):
        sizes_of([0, 1], 2, "strides")


@pytest.mark.parametrize(
    ("attributes", "pads"),
    [({"pads": [1, 0, 0, 2]}, (0, 2, 1, 0)), ({"auto_pad": "SAME_UPPER"}, (1, 1, 1, 1))],
)
def test_a_convolution_whose_sides_are_padded_differently(tmp_path, attributes, pads):
    x, w = array(1, 4, 7, 7), array(6, 2, 3, 3)
    actual = computed(tmp_path, "Conv", x, w=w, group=2, strides=[2, 2], **attributes)
    expected = F.conv2d(F.pad(torch.from_numpy(x), pads), torch.from_numpy(w), stride=2, groups=2)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("attributes", "arguments", "crop"),
    [
        ({"pads": [1, 1, 1, 1], "output_padding": [1, 1]}, {"padding": 1, "output_padding": 1}, None),
        ({"pads": [0, 1, 1, 0]}, {}, (slice(0, -1), slice(1, None))),
        ({"output_shape": [8, 8]}, {}, (slice(1, None), slice(1, None))),
        ({"auto_pad": "SAME_UPPER"}, {}, (slice(0, -1), slice(0, -1))),
    ],
)
def test_a_transposed_convolution(tmp_path, attributes, arguments, crop):
    x, w, b = array(1, 4, 4, 4), array(4, 2, 3, 3), array(2)
    actual = computed(tmp_path, "ConvTranspose", x, w=w, b=b, strides=[2, 2], **attributes)
    expected = F.conv_transpose2d(*map(torch.from_numpy, (x, w, b)), stride=2, **arguments)
    np.testing.assert_allclose(actual, expected[(..., *crop)] if crop else expected, rtol=1e-5, atol=1e-5)

"""The IR's Slice, which is TensorFlow's strided slice, against numpy's slicing."""

import pytest
import torch

from pytorch2caffe import ConversionError
from tests.frontends.mmdnn.test_operators import array, check, network

X = array(2, 5, 4, 6)
CASES = {
    "begin and end": ({"starts": [0, 1, 0, 2], "ends": [2, 4, 4, 5], "strides": [1] * 4}, X[:, 1:4, :, 2:5]),
    "open bounds": (
        {"starts": [0, 1], "ends": [0, 0], "strides": [1, 2], "begin_mask": 1, "end_mask": 3},
        X[:, 1::2],
    ),
    "without strides an end before the begin means the rest": ({"starts": [0, 2], "ends": [-1, 1]}, X[:, 2:]),
}


@pytest.mark.parametrize(("attrs", "expected"), CASES.values(), ids=CASES)
def test_means_what_tensorflow_means(attrs, expected):
    check("Slice", [X], attrs, expected)


def test_slicing_backwards_is_refused():
    with pytest.raises(ConversionError, match="slice forwards"):
        network("Slice", [X.shape], {"starts": [3, 0], "ends": [0, 5], "strides": [-1, 1]})


def test_aten_slice(same_everywhere):
    same_everywhere(lambda x: torch.ops.aten.slice(x, 1, 1, 4, 2) * 2, torch.randn(2, 5, 3))

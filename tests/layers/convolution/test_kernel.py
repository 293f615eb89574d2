"""The sizes of a kernel as fields of Caffe's message, written and read."""

import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.layers.convolution.kernel import read_sizes, size_fields

SPELLINGS = {
    "the default": ("pad", (0, 0), 0, {}),
    "one number for all axes": ("kernel_size", (3, 3), None, {"kernel_size": [3]}),
    "one for each of two": ("kernel_size", (3, 2), None, {"kernel_h": 3, "kernel_w": 2}),
    "a dilation for each of two": ("dilation", (1, 2), 1, {"dilation": [1, 2]}),
    "three": ("stride", (2, 2, 2), 1, {"stride": [2, 2, 2]}),
}


@pytest.mark.parametrize(("name", "values", "default", "param"), SPELLINGS.values(), ids=SPELLINGS)
def test_sizes_are_read_back_as_written(name, values, default, param):
    assert size_fields(name, values, default) == param
    assert read_sizes(param, name, "kernel" if name == "kernel_size" else name, len(values), default) == values


@pytest.mark.parametrize(
    ("param", "match"),
    [({"kernel_size": [3], "kernel_h": 3}, "both kernel_size and kernel_h"), ({"kernel_size": [3, 3]}, "2 values")],
    ids=["twice", "too many"],
)
def test_it_refuses(param, match):
    with pytest.raises(Refused, match=match):
        read_sizes(param, "kernel_size", "kernel", 3, None)

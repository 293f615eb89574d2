"""How Caffe spells the sizes of a kernel, both ways."""

import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.layers.convolution.kernel import read, spelled

SPELLINGS = {
    "the default": ("pad", (0, 0), 0, {}),
    "one number for all axes": ("kernel_size", (3, 3), None, {"kernel_size": [3]}),
    "one for each of two": ("kernel_size", (3, 2), None, {"kernel_h": 3, "kernel_w": 2}),
    "a dilation for each of two": ("dilation", (1, 2), 1, {"dilation": [1, 2]}),
    "three": ("stride", (2, 2, 2), 1, {"stride": [2, 2, 2]}),
}


@pytest.mark.parametrize(("name", "values", "default", "param"), SPELLINGS.values(), ids=SPELLINGS)
def test_what_is_written_is_read_back(name, values, default, param):
    assert spelled(name, values, default) == param
    assert read(param, name, "kernel" if name == "kernel_size" else name, len(values), default) == values


@pytest.mark.parametrize(
    ("param", "match"),
    [({"kernel_size": [3], "kernel_h": 3}, "both kernel_size and kernel_h"), ({"kernel_size": [3, 3]}, "2 values")],
    ids=["twice", "too many"],
)
def test_it_refuses(param, match):
    with pytest.raises(Refused, match=match):
        read(param, "kernel_size", "kernel", 3, None)

"""Crop as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer {{ name: "c" type: "Crop" bottom: "x" bottom: "size" top: "c" {} }}'
X = np.random.default_rng(0).standard_normal((2, 5, 7, 9))
CASES = {
    "from the start": ("", (2, 5, 4, 5)),
    "one offset": ("crop_param { offset: 2 }", (2, 5, 4, 5)),
    "an offset for each axis": ("crop_param { offset: 1 offset: 3 }", (2, 5, 4, 5)),
    "the last axis": ("crop_param { axis: 3 offset: 4 }", (2, 5, 7, 5)),
    "the last axis, from the end": ("crop_param { axis: -1 offset: 2 }", (2, 5, 7, 5)),
    "channels too": ("crop_param { axis: 1 offset: 1 offset: 0 offset: 3 }", (2, 3, 4, 5)),
    "everything": ("crop_param { axis: 0 offset: 0 offset: 1 offset: 1 offset: 2 }", (1, 3, 4, 5)),
}
REFUSED = {
    "a size that does not fit": ("crop_param { offset: 5 }", "choose smaller offsets"),
    "two offsets for three axes": ("crop_param { axis: 1 offset: 1 offset: 1 }", "2 offsets for 3 axes"),
}


@pytest.mark.parametrize(("settings", "size"), CASES.values(), ids=CASES)
def test_means_what_real_caffe_means(settings, size, same_as_caffe):
    same_as_caffe(LAYER.format(settings), x=X, size=np.zeros(size))


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(settings, message, refused):
    refused(LAYER.format(settings), message, x=(2, 5, 7, 9), size=(2, 3, 4, 5))

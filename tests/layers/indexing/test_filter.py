"""Filter as files have it, in real Caffe."""

import numpy as np
import pytest

ONE = 'layer { name: "f" type: "Filter" bottom: "x" bottom: "selector" top: "f" }'
TWO = 'layer { name: "f" type: "Filter" bottom: "x" bottom: "y" bottom: "selector" top: "f" top: "g" }'
BEHIND = ' layer { name: "r" type: "ReLU" bottom: "f" top: "r" }'
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((4, 3, 2)), RANDOM.standard_normal((4, 5))


@pytest.mark.parametrize("selector", [[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1]], ids=str)
def test_means_what_real_caffe_means(selector, same_as_caffe):
    same_as_caffe(ONE, x=X, selector=selector)
    same_as_caffe(ONE + BEHIND, x=X, selector=np.reshape(selector, (4, 1)))
    same_as_caffe(TWO, x=X, y=Y, selector=np.reshape(selector, (4, 1, 1, 1)))


def test_a_selector_of_another_length_is_refused(refused):
    refused(ONE, "one number for each sample", x=(4, 3), selector=(5,))
    refused(ONE, "one number for each sample", x=(4, 3), selector=(4, 2))

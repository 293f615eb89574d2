"""Arithmetic before opset 7."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import UnsupportedError
from tests.frontends.onnx.nets import array, computed


def test_b_broadcasts_from_an_axis_on_if_the_node_says_so(tmp_path):
    x, b = array(1, 3, 4, 4), array(3)
    actual = computed(tmp_path, "Add", x, opset=6, b=b, broadcast=1, axis=1)
    np.testing.assert_allclose(actual, x + b[:, None, None], rtol=1e-6)
    np.testing.assert_allclose(computed(tmp_path, "Sub", x, opset=6, b=x[0, 0], broadcast=1), x - x[0, 0], atol=1e-6)
    with pytest.raises(UnsupportedError, match="without broadcast"):
        computed(tmp_path, "Mul", x, opset=6, b=b)

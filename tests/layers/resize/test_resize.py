"""The IR's resizing, against the equations of TensorFlow's documentation; more in tests/frontends/mmdnn."""

import numpy as np
import pytest

from pytorch2caffe import ConversionError
from tests.frontends.mmdnn.test_operators import array, check, network


def test_the_nearest_number_below():
    x = array(2, 5, 4, 3)
    rows, columns = np.arange(3) * 5 // 3, np.arange(8) * 4 // 8
    check("ResizeNearestNeighbor", [x], {"size": [3, 8]}, x[:, rows][:, :, columns])


def test_the_area_of_equal_blocks():
    x = array(2, 6, 4, 3)
    check("ResizeArea", [x], {"size": [3, 2]}, x.reshape(2, 3, 2, 2, 2, 3).mean((2, 4)))


def test_an_unknown_size_is_refused():
    with pytest.raises(ConversionError, match="unknown size"):
        network("ResizeBilinear", [(1, 3, 4, 5)], {"size": [2]})

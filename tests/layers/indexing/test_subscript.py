"""How an index is read, against numpy's own indexing."""

import numpy as np
import pytest

from pytorch2caffe.errors import Refused
from pytorch2caffe.layers.indexing.subscript import items_of, positions_of, ranges_of

ARRAY = np.arange(2 * 4 * 6).reshape(2, 4, 6)
BASIC = {
    "an integer": (1,),
    "a negative integer": (slice(None), -1),
    "slices": (slice(1, None), slice(0, 3, 2)),
    "None": (None, 0),
    "Ellipsis": (..., slice(None, None, 2)),
}
ARRAYS = {
    "one array": (slice(None), np.array([3, 0])),
    "a mask": (slice(None), np.array([True, False, True, True])),
    "two arrays": (np.array([0, 1]), slice(None), np.array([5, 2])),
    "an array after an integer": (1, np.array([[0, 1], [2, 2]])),
}


@pytest.mark.parametrize("index", BASIC.values(), ids=BASIC)
def test_basic_indices_are_ranges_and_a_shape(index):
    ranges, shape = ranges_of(ARRAY.shape, index)
    part = ARRAY[tuple(slice(*each) for each in ranges)]
    np.testing.assert_array_equal(part.reshape(shape), ARRAY[index])


@pytest.mark.parametrize("index", ARRAYS.values(), ids=ARRAYS)
def test_arrays_are_positions_in_the_flat_tensor(index):
    parts, arrays = items_of(index)
    assert arrays
    np.testing.assert_array_equal(ARRAY.reshape(-1)[positions_of(ARRAY.shape, parts)], ARRAY[index])


def test_a_mask_and_an_integer_are_refused():
    with pytest.raises(Refused, match="a mask and an integer"):
        positions_of(ARRAY.shape, [1, np.array([True, False, True, True])])

import numpy as np
import pytest

from pytorch2caffe.layers.indexing.strided_view import strided_view

X = np.arange(2 * 4 * 6).reshape(2, 4, 6)
VIEWS = {
    "itself": X,
    "a slice": X[:, 1:3],
    "steps": X[:, ::2, 1::3],
    "one row": X[1, 2],
    "one number": X[1, 2, 3:4],
    "transposed": X[:, 1:].transpose(0, 2, 1),
    "axes in another order": X.transpose(2, 0, 1),
    "flat": X.reshape(-1)[5:40],
    "joined axes": X.reshape(8, 6)[2:5],
    "a diagonal": X[0, :, :4].diagonal(),
    "a split axis": X.reshape(2, 2, 2, 6)[:, :, 1],
    "a split axis, transposed": X.reshape(2, 4, 2, 3).transpose(0, 3, 1, 2)[:, 1:],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_is_the_same_part(view):
    strides = [s // X.itemsize for s in view.strides]
    found = strided_view(X.shape, int(view.flat[0]), view.shape, strides)
    cut = X.reshape(found.split)[tuple(slice(*r) for r in found.ranges)]
    axes = sorted(set(range(cut.ndim)) - set(found.order))
    np.testing.assert_array_equal(cut.transpose(*axes, *found.order).reshape(found.shape), view)


def test_what_is_not_a_box():
    assert strided_view((4, 5), 0, (4, 2), (6, 1)) is None  # a diagonal and its neighbours
    assert strided_view((6,), 0, (5, 2), (1, 1)) is None  # windows that overlap

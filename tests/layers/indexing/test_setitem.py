import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

MASK = torch.rand(4, 5) > 0.5


def put(index, value):
    def model(x):
        y = x * 2
        y[index] = value(x) if callable(value) else value
        return y + 1

    return model


def into_zeros(x):
    y = torch.zeros(x.shape[0], 3, 6, 7)
    y[:, :, 1:5, 1:6] = x
    return y * 2


def piece_by_piece(x):
    y = x.clone()
    for row in range(4):
        y[:, :, row] = y[:, :, row] + row
    return y


ALL = slice(None)
CASES = {
    "channels": put((ALL, slice(0, 2)), lambda x: x[:, 1:]),
    "the last": put((ALL, -1), lambda x: x[:, 0]),
    "a box": put((ALL, ALL, slice(1, 3), slice(2, 5)), lambda x: x[:, :, :2, :3]),
    "a box, by a number": put((..., slice(1, 3), slice(2, 5)), 7.0),
    "by a constant": put((..., slice(1, 3)), torch.arange(8.0).reshape(4, 2)),
    "broadcast": put((..., slice(1, 3)), lambda x: x[:, :1, :, :1]),
    "of fewer axes": put((ALL, 1), lambda x: x[0, 0]),
    "everything": put(..., lambda x: x * x),
    "one number": put((0, 1, 2, 3), -4.0),
    "everything, by a number": put((ALL, ALL), 0.5),
    "into zeros": into_zeros,
    "piece by piece": piece_by_piece,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2])
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


def test_a_constant_mask(same_everywhere):
    same_everywhere(lambda x: put(MASK, 0.5)(x[0, 0]), torch.randn(1, 1, 4, 5))


def test_adding_to_a_part_writes_through_a_view_and_is_refused():
    def plus_equals(x):
        y = x * 1
        y[:, 1] += x[:, 0]
        return y

    with pytest.raises(UnsupportedError, match="overwritten in place through another tensor"):
        trace(plus_equals, torch.randn(1, 3, 4, 5))

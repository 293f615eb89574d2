import pytest
import torch

from tests.layers.conftest import types_of

SHAPE = (2, 4, 6, 8)
CASES = {
    "step on axis 0": lambda x: x[::2],
    "step on axis 1": lambda x: x[:, ::2],
    "step on axis 2": lambda x: x[:, :, 1::3],
    "step on axis 3": lambda x: x[..., 1:7:2],
    "steps on two axes": lambda x: x[:, :, ::2, ::3],
    "steps on every axis": lambda x: x[::2, 1::2, ::3, 2::4],
    "a step on the channels and the rows": lambda x: x[:, ::3, 1::2],
    "a step beyond the size": lambda x: x[:, :, :, ::20],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))


def test_a_piece_is_one_slice():
    assert types_of(lambda x: x[:, 1:3], torch.zeros(SHAPE)) == ["Slice", "Silence"]


def test_steps_on_the_picture_are_one_convolution():
    assert types_of(lambda x: x[..., ::2, ::4], torch.zeros(2, 3, 7, 9)) == ["Convolution"]

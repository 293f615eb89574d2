import pytest
import torch

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks

SHAPE = (2, 4, 6, 8)


def focus(x):
    return torch.cat((x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1)


CASES = {
    "an int": lambda x: x[1],
    "a negative int": lambda x: x[-1],
    "ints": lambda x: x[0, -2],
    "an int on every axis but one": lambda x: x[0, 1, 2],
    "an int behind slices": lambda x: x[:, :, 2],
    "a slice": lambda x: x[:, 1:3],
    "from": lambda x: x[:, 2:],
    "up to": lambda x: x[:, :3],
    "negative bounds": lambda x: x[:, :, -4:-1],
    "bounds beyond": lambda x: x[:, 1:100],
    "several slices": lambda x: x[1:, 1:3, 2:-1, :5],
    "None": lambda x: x[:, None],
    "None in front": lambda x: x[None] * 2,
    "None at the end": lambda x: x[:, 0, ..., None],
    "Ellipsis": lambda x: x[..., 2:4],
    "Ellipsis between": lambda x: x[1, ..., 3],
    "Ellipsis alone": lambda x: x[...] * 2,
    "all of it": lambda x: x[:, :, :, :] + 1,
    "focus": focus,
    "a shift by one": lambda x: x[:, :, 1:] - x[:, :, :-1],
    "of a slice": lambda x: x[:, 1:][:, :2][..., 3],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))


FEWER = {
    "a token": (lambda x: x[:, 0], (2, 5, 6)),
    "all tokens but one": (lambda x: x[:, 1:], (2, 5, 6)),
    "steps on three axes": (lambda x: x[:, ::2, 1::2], (2, 5, 6)),
    "every other feature": (lambda x: x[:, ::2], (2, 6)),
    "one feature": (lambda x: x[:, 3], (2, 6)),
    "one number": lacks(lambda x: x[1, 2] * 2, (2, 6), opencv="has no scalars"),
    "1-D": (lambda x: x[1:5:2], (6,)),
    "5-D": (lambda x: x[:, :, 1, ::2, 1:], (1, 2, 3, 4, 3)),
    "rotary halves": (lambda x: torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2), (2, 3, 6)),
    "rotary halves of maps": (lambda x: torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2), (1, 3, 2, 6)),
}


@pytest.mark.parametrize(("model", "shape"), FEWER.values(), ids=FEWER)
def test_other_ranks_run_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "True": (lambda x: x[True], "indexing with bool"),
    "lists in a tuple": (lambda x: x[([0, 1], (0, 2))], "an index within an index"),
}


@pytest.mark.parametrize(("model", "match"), REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model, match):
    with pytest.raises(UnsupportedError, match=match):
        trace(model, torch.zeros(SHAPE))

"""The names of arguments that torch accepts: its own, and numpy's."""

import pytest
import torch

from pytorch2caffe import to_torch, trace

CASES = {
    "axis and keepdims": lambda x: x.sum(axis=1, keepdims=True),
    "axis of a mean": lambda x: x.mean(axis=(2, 3)),
    "axis of torch.amax": lambda x: torch.amax(x, axis=1),
    "axis of a maximum": lambda x: x.max(axis=1)[0],
    "axis of a standard deviation": lambda x: x.std(axis=1),
    "axis of a softmax": lambda x: x.softmax(axis=1),
    "axis of a concatenation": lambda x: torch.cat([x, x], axis=-1) * 2,
    "axis of a stack": lambda x: torch.stack([x, x], axis=1) * 2,
    "x1 and x2": lambda x: torch.mul(x1=x, x2=x),
    "dims of permute": lambda x: x.permute(dims=(0, 2, 3, 1)) * 2,
    "dims of tile": lambda x: x.tile(dims=(1, 2)) * 2,
    "size of view": lambda x: x.view(size=(1, 3, 20)) * 2,
    "size of expand": lambda x: x.expand(size=(2, 3, 4, 5)) * 2,
    "repeats of repeat": lambda x: x.repeat(repeats=(2, 1, 1, 1)) * 2,
    "input of a function": lambda x: torch.permute(input=x, dims=(0, 2, 3, 1)) * 2,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_arguments_by_name(model):
    x = torch.randn(1, 3, 4, 5)
    torch.testing.assert_close(to_torch(trace(model, x))(x), model(x))

"""What may be inf or NaN, and what cannot, as far as the layers tell."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, to_torch, trace

MASK = torch.eye(6, dtype=torch.bool)
CONV = nn.Conv2d(4, 4, 3, padding=1)
FINITE = {
    "the input": lambda x: x,
    "after a convolution": lambda x: CONV(x / x).relu(),
    "log of what is above 0": lambda x: x.clamp(min=1e-3).log(),
    "log of a sum of squares and a bit": lambda x: (x.pow(2).sum(1, keepdim=True) + 1e-3).log(),
    "exp of what is below 80": lambda x: x.clamp(max=80).exp(),
    "a softmax in words": lambda x: (x - x.amax(-1, keepdim=True)).exp(),
    "log of 1 more than exp": lambda x: (1 + (-x.abs()).exp()).log(),
    "a root of squares": lambda x: (x**2).sqrt(),
    "over a length and a bit": lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-6),
    "over a length at least a bit": lambda x: x / x.norm(dim=1, keepdim=True).clamp(min=1e-6),
    "the inverse of a sigmoid and a bit": lambda x: 1 / (x.sigmoid() + 0.1),
    "over what is below 0": lambda x: x / (-x.abs() - 1),
    "normalised": lambda x: F.normalize(x),
    "a power of what is at least 0": lambda x: x.relu() ** 0.7,
    "log1p of squares": lambda x: (x * x).abs().log1p(),
    "log of the greater": lambda x: torch.maximum(x, torch.ones(6)).log(),
    "exp of the lesser": lambda x: torch.minimum(x, torch.ones(6)).exp(),
    "parts of it": lambda x: torch.cat([x.sigmoid()[:, :2], x.softmax(1)[:, 2:] + 1], 1).sqrt(),
}
RECOMPUTED = {  # from 0 or 1 where the mask is 0
    "log": lambda x: x.log(),
    "log of what may be 0": lambda x: x.relu().log(),
    "exp": lambda x: x.exp(),
    "exp of exp": lambda x: x.clamp(max=10).exp().exp(),
    "1 / x": lambda x: 1 / x,
    "x / y": lambda x: x / x.flip(1),
    "over a length": lambda x: x / x.norm(dim=1, keepdim=True),
    "a root": lambda x: x.sqrt(),
    "expm1": lambda x: x.expm1(),
    "log1p": lambda x: x.log1p(),
}
NOT = {
    "a base of its own": lambda x: 10**x,
    "log moved about": lambda x: (x.log() * 2).flip(1).relu(),
    "-inf under another mask": lambda x: x.masked_fill(MASK, -torch.inf),
    "-inf under a mask of values": lambda x: x.masked_fill(x > 1, -torch.inf),
    "a constant with inf": lambda x: x + torch.tensor([0, 1, torch.inf, 0, 1, 2]),
}


@pytest.mark.parametrize("value", FINITE.values(), ids=FINITE)
def test_a_mask_over_what_is_finite(value):
    trace(lambda x: torch.where(MASK, value(x), 0.5), torch.randn(1, 4, 6, 6))


@pytest.mark.parametrize("value", RECOMPUTED.values(), ids=RECOMPUTED)
def test_a_mask_over_what_may_not_be_finite(value):
    for model in (
        lambda x: torch.where(x > 0, value(x), x),
        lambda x: torch.where(x > 0, x, value(x)),
        lambda x: value(x).masked_fill(MASK, 0),
        lambda x: torch.where(MASK, 2.0, value(x)),
    ):
        x = torch.linspace(-99, 99, 144).reshape(1, 4, 6, 6)
        torch.testing.assert_close(to_torch(trace(model, x))(x), model(x), equal_nan=True)


@pytest.mark.parametrize("value", NOT.values(), ids=NOT)
def test_a_mask_over_what_may_not_be_finite_is_refused(value):
    for model in (
        lambda x: torch.where(x > 0, x, value(x)),
        lambda x: value(x).masked_fill(MASK, 0),
        lambda x: value(x).tril(),
    ):
        with pytest.raises(UnsupportedError, match="a mask over what may be inf or NaN"):
            trace(model, torch.randn(1, 4, 6, 6))


def test_the_time_grows_with_the_layers_not_with_the_ways_through_them():
    def model(x):
        y = x.sigmoid()
        for _ in range(60):
            y = y + y * 0.5
        return torch.where(MASK, y.relu(), x)

    trace(model, torch.randn(1, 4, 6, 6))

# ruff: noqa: ARG004, ARG005 (tables of cases; functions in the form that torch calls)
"""Functions of torch that are written in Python are traced into: what counts is what they call."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torch.utils.checkpoint
from torch import nn

from tests.frontends.torch.same import Net, conv, image, same


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


CASES = {
    "attention without its weights": Net(
        lambda self, x: self.a(*[x.flatten(2).transpose(1, 2)] * 3, need_weights=False)[0],
        a=nn.MultiheadAttention(4, 2, batch_first=True),
    ),
    "a transformer's layer": Net(
        lambda self, x: self.a(x.flatten(2).transpose(1, 2)), a=nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    ),
    "softmin": Net(lambda self, x: F.softmin(x, 1)),
    "hardtanh": nn.Hardtanh(),
    "softmax without an axis": Net(lambda self, x: F.softmax(x, dim=None)),
    "local response": nn.LocalResponseNorm(3),
    "instance norm": nn.InstanceNorm2d(4, affine=True),
    "checkpointed": Net(
        lambda self, x: torch.utils.checkpoint.checkpoint(self.c, x, use_reentrant=False) + 1, c=conv()
    ),
    "checkpointed, reentrant": Net(
        lambda self, x: torch.utils.checkpoint.checkpoint(self.c, x, use_reentrant=True) + 1, c=conv()
    ),
    "an autograd.Function": Net(lambda self, x: Swish.apply(x) + 1),
    "jit.fork": Net(lambda self, x: torch.jit.wait(torch.jit.fork(torch.relu, x)) + 1),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_is_traced_into(model):
    same(model, image())

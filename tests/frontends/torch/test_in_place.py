# ruff: noqa: E501 (tables of cases; functions in the form that torch calls)
"""Calls that write into their arguments: traced exactly. (Those refused: test_refusals.py; at random: test_programs.py.)"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.frontends.torch.same import Net, conv, image, same


def used_again(self, x):
    y = self.c(x)
    self.r(y)
    return y * 2 + y


def the_slice_alone(self, x):
    return self.c(x)[:, :2].mul_(2) + 1


def plus_equals(self, x):
    y = x
    x += 1
    return y * x


def into_out(self, x):
    z = torch.empty_like(x)
    torch.add(x, x, out=z)
    return z * x


def into_its_own(self, x):
    y = self.c(x)
    torch.mul(y, 2, out=y)
    return y


def summed_up(self, x):
    total = torch.zeros_like(x)
    for factor in range(3):
        total += x * factor
    return total


def unsqueezed(self, x):
    x = self.c(x)
    x.unsqueeze_(1).squeeze_(1)
    return x + 1


def a_constant_written_after_use(self, x):
    w = torch.ones(6)
    y = x * w
    w.mul_(3)
    return y + w


def a_list_of_residuals(self, x):
    kept = [x]
    for _ in range(3):
        kept.append(F.relu(self.c(kept[-1]), inplace=True))
        kept[-1] += kept[-2]
    return sum(kept)


CASES = [
    used_again,
    the_slice_alone,
    plus_equals,
    into_out,
    into_its_own,
    summed_up,
    unsqueezed,
    a_constant_written_after_use,
    a_list_of_residuals,
]


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_is_traced_exactly(function):
    same(Net(function, c=conv(), r=nn.ReLU(inplace=True)), image())

# ruff: noqa: E501 (tables of cases; functions in the form that torch calls)
"""Calls that write into their arguments: traced exactly. (Those refused: test_refusals.py; at random: test_programs.py.)"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import trace
from tests.frontends.torch.same import Net, conv, image, same


@torch.jit.script
def scripted_relu(x: torch.Tensor):
    x[:, :1].relu_()


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


def other_memory(self, x):
    y = self.c(x) * 5
    y.set_(x[:, 1:])
    y.mul_(3)
    return y + 1, x + 1


def a_parameter_of_it(self, x):
    y = self.c(x)
    part = nn.Parameter(y)[:, :2]
    y[:, 1:3] *= 2
    return part + 1


def into_a_buffer(self, x):
    self.r.buffer = torch.ones(1, 4, 6, 6)
    self.r.buffer[:, :2] = x[:, :2]
    return self.r.buffer * 2


def a_recurrence(self, x):
    h, states = x.new_zeros(1, 6, 6), x.new_empty(1, 4, 6, 6)
    for channel in range(4):
        h = torch.tanh(h + x[:, channel])
        states[:, channel] = h
    return states


def masks_and_integers(self, x):
    mask, count = x > 0, torch.zeros(1, 4, 6, 6, dtype=torch.long)
    mask[:, :1] = True
    mask[:, 1:2] &= x[:, 1:2] < 1
    count[:, :2] = mask[:, :2].long()
    count[:, 3:] = 0.7
    return torch.where(mask, x, x * 0.1) + count


def swapped(self, x):
    y = self.c(x)
    y[:, 0], y[:, 1] = y[:, 1].clone(), y[:, 0].clone()
    y[:, [2, 3]] = y[:, [3, 2]]
    return y


def of_an_unbound_list(self, x):
    a, b, c, d = self.c(x).unbind(1)
    a += b
    c.mul_(d)
    return torch.stack([a, b, c, d], 1)


CASES = [
    other_memory,
    a_parameter_of_it,
    into_a_buffer,
    a_recurrence,
    masks_and_integers,
    swapped,
    of_an_unbound_list,
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


def test_a_write_by_scripted_code():
    def forward(self, x):
        y = self.c(x)
        scripted_relu(y)
        return y + 1

    same(Net(forward, c=conv()), image())


def test_a_loop_over_parts_is_one_concat():
    def forward(x):
        y = x.new_empty(1, 100, 2)
        for i in range(100):
            y[:, i] = x[:, i] * i
        return y

    graph = trace(forward, torch.randn(1, 100, 2))
    assert [node.layer.type for node in graph.nodes].count("Concat") == 1


def other_memory(x):
    y = x * 1
    z = x * 2
    y.data = z
    z += 1  # in the same memory
    y.data[:, :2] = 0
    return y + z


def a_constant_as_data(x):
    y = x * 1
    y.data = torch.ones(1, 4, 6, 6)
    return y + x


def a_part_as_data(x):
    y = x * 1
    y.data = x[:, 1:3]
    y.data.mul_(2)
    return x + y.sum(1, keepdim=True)


@pytest.mark.parametrize("model", [other_memory, a_constant_as_data, a_part_as_data], ids=lambda f: f.__name__)
def test_data_is_set(model):
    same(model, image())

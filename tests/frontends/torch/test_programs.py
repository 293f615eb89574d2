# ruff: noqa: ARG004 (tables of cases; functions in the form that torch calls)
"""Random programs of registered calls, in place and not, on views and aliases: traced exactly, or refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from torch import nn

from pytorch2caffe import UnsupportedError, to_torch
from pytorch2caffe.frontends.torch import trace

EXAMPLES = int(os.environ.get("PROGRAMS", "300"))
T = torch.Tensor


def _set(x: T, index: Any, value: Any) -> T:
    x[index] = value
    return x


def _iadd(x: T, other: Any) -> T:
    x += other
    return x


def _imul(x: T, other: Any) -> T:
    x *= other
    return x


class _Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: T) -> T:
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: T) -> T:
        return gradient * 2


NEW: dict[str, Callable[[T], Any]] = {
    "relu": torch.relu,
    "sigmoid": T.sigmoid,
    "tanh": torch.tanh,
    "abs": abs,
    "* 2": lambda x: x * 2,
    "3 - x": lambda x: 3 - x,
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clone": T.clone,
    "mean": lambda x: x.mean(-1, keepdim=True),
    "pool": lambda x: F.max_pool2d(x, 2),
    "cat": lambda x: torch.cat([x, x], 1),
    "zeros_like": torch.zeros_like,
    "ones of its shape": lambda x: torch.ones(x.shape),
    "counting": lambda x: torch.arange(x.numel()).float().reshape(x.shape) / x.numel(),
    "new_full": lambda x: x.new_full(x.shape, 0.5),
    "autograd.Function": _Twice.apply,
    "copy of another type": lambda x: x.double(),
    "relu of a double": lambda x: x.to(torch.float64).relu().type_as(x),
    "float32 copy": lambda x: x.to(torch.float32, copy=True),
}
VIEWS: dict[str, Callable[[T], Any]] = {
    "view": lambda x: x.view(-1),
    "view as 4 axes": lambda x: x.reshape(1, 2, -1, 2),
    "transpose": lambda x: x.transpose(-1, -2),
    "permute": lambda x: x.permute(*reversed(range(x.dim()))),
    "half of it": lambda x: x[:, : x.shape[1] // 2],
    "last of it": lambda x: x[..., -1:],
    "every second": lambda x: x[..., ::2],
    "first": lambda x: x[0],
    "None": lambda x: x[None],
    "unsqueeze": lambda x: x.unsqueeze(1),
    "squeeze": T.squeeze,
    "detach": T.detach,
    "data": lambda x: x.data,
    "narrow": lambda x: x.narrow(-1, 0, 1),
    "chunk": lambda x: x.chunk(2, 1)[-1],
    "split": lambda x: x.split(1, -1)[0],
    "flatten": lambda x: x.flatten(1),
    "expand": lambda x: x.unsqueeze(0).expand(2, *x.shape),
    "contiguous": T.contiguous,
    "float": T.float,
    "type_as itself": lambda x: x.type_as(x),
    "unbind": lambda x: x.unbind(0)[0],
    "identity": nn.Identity(),
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "alias": torch.ops.aten.alias.default,
}
WRITES: dict[str, Callable[[T], Any]] = {
    "relu_": T.relu_,
    "inplace relu": lambda x: F.relu(x, inplace=True),
    "nn.ReLU(inplace)": nn.ReLU(inplace=True),
    "sigmoid_": T.sigmoid_,
    "mul_": lambda x: x.mul_(2),
    "+= 1": lambda x: _iadd(x, 1),
    "*= 0.5": lambda x: _imul(x, 0.5),
    "neg_": T.neg_,
    "clamp_": lambda x: x.clamp_(-1, 1),
    "zero_": T.zero_,
    "fill_": lambda x: x.fill_(0.25),
    "unsqueeze_": lambda x: x.unsqueeze_(0),
    "squeeze_": T.squeeze_,
    "transpose_": lambda x: x.transpose_(-1, -2),
    "t of data": lambda x: x.data.mul_(3),
    "detach add": lambda x: x.detach().add_(1),
    "view relu": lambda x: x.view(-1).relu_(),
    "slice mul": lambda x: x[:, :1].mul_(2),
    "set a number": lambda x: _set(x, (slice(None), 0), 0.5),
    "set a row": lambda x: _set(x, (slice(None), slice(0, 1)), x[:, -1:] * 2),
    "hardtanh_": lambda x: F.hardtanh(x, inplace=True),
    "resize": lambda x: x.resize_(x.shape[0], -1 + x.numel() // x.shape[0]),
}
BINARY: dict[str, Callable[[T, T], Any]] = {
    "add": torch.add,
    "mul": torch.mul,
    "sub": lambda x, y: x - y,
    "maximum": torch.maximum,
    "add_": lambda x, y: x.add_(y),
    "mul_ other": lambda x, y: x.mul_(y),
    "+=": _iadd,
    "copy_": lambda x, y: x.copy_(y),
    "set other": lambda x, y: _set(x, slice(None), y),
    "set slice": lambda x, y: _set(x, (slice(None), slice(0, 1)), y[:, :1]),
    "out": lambda x, y: torch.add(x, y, out=torch.empty(0)),
    "out itself": lambda x, y: torch.mul(x, y, out=x),
    "out over other": lambda x, y: torch.sub(x, 0.5, out=y),
    "out view": lambda x, y: torch.add(x[:, :1], 1, out=y[:, :1]),
    "stack": lambda x, y: torch.stack([x, y], 1),
    "data set": lambda x, y: setattr(x, "data", y),
    "set_": lambda x, y: x.set_(y),
    "where it broadcasts": lambda x, y: torch.broadcast_to(x, y.shape) + y,
}
OPERATIONS = {**NEW, **VIEWS, **WRITES, **BINARY}
assert len(OPERATIONS) == len(NEW) + len(VIEWS) + len(WRITES) + len(BINARY)

Step = tuple[str, int, int]


class Program(nn.Module):
    """Runs steps on a growing list of tensors; returns those asked for."""

    def __init__(self, steps: list[Step], returned: list[int]) -> None:
        super().__init__()
        self.steps, self.returned = steps, returned
        self.register_buffer("buffer", torch.linspace(-1, 1, 64).reshape(1, 4, 4, 4))
        self.plain = torch.linspace(-2, 2, 4).reshape(1, 4, 1, 1)

    def forward(self, x: T) -> list[T]:
        probe = x * 0.5  # joined to each output, so that constants can be returned
        tensors = [self.buffer, self.plain, x]
        for step in self.steps:
            self.run(step, tensors)
        chosen = [tensors[-1 - i % len(tensors)] for i in self.returned]
        return [torch.cat([tensor.reshape(1, -1), probe.reshape(1, -1)], 1) for tensor in chosen]

    @staticmethod
    def run(step: Step, tensors: list[T]) -> None:
        name, first, second = step
        # counted from the newest, so that small numbers make chains
        operands = [tensors[-1 - i % len(tensors)] for i in (first, second)]
        result = OPERATIONS[name](*(operands if name in BINARY else operands[:1]))
        if isinstance(result, T):
            tensors.append(result)


def possible(steps: list[Step]) -> list[Step]:
    """The steps without those that PyTorch itself refuses."""
    kept: list[Step] = []
    for step in steps:
        try:
            with torch.no_grad():
                results = Program([*kept, step], [0])(torch.randn(1, 4, 4, 4))
        except (RuntimeError, IndexError, ValueError):
            continue
        if all(64 < r.numel() <= 2048 for r in results):
            kept.append(step)
    return kept


steps = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 5), st.integers(0, 5)), max_size=9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of resizing what `out` names
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(steps, st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_a_program_is_traced_exactly_or_refused(given_steps: list[Step], returned: list[int]) -> None:
    torch.manual_seed(0)
    program = possible(given_steps)
    assume(program)
    try:
        graph = trace(Program(program, returned), torch.randn(1, 4, 4, 4))
    except UnsupportedError as error:
        event("refused: " + error.problems[0].what[:60])
        return
    event("traced")
    x = torch.randn(1, 4, 4, 4)
    with torch.no_grad():
        expected = Program(program, returned)(x.clone())
        found = to_torch(graph)(x.clone())
    found = list(found) if isinstance(found, tuple) else [found]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other.float(), rtol=1e-3, atol=1e-4)

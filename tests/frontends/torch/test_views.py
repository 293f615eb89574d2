# ruff: noqa: ARG005, S311 (tables of cases; random programs from a seed)
"""Random programs of views, writes into them and reads: traced exactly; refused only for the causes listed.

VIEW_PROGRAMS=2000 pytest tests/frontends/torch/test_views.py runs more of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, to_torch, trace

PROGRAMS = int(os.environ.get("VIEW_PROGRAMS", "40"))
SHAPES = [(1, 4, 4, 4), (2, 3, 4, 2), (2, 6), (3, 4, 3)]
STEPS = 9
CAUSES = (  # why PyTorch's own result would depend on an order
    "writes into memory that it reads, in no certain order",
    "writes into an expanded tensor",
    "writing twice to one position",
    "resizes the tensor that out names",
)
T = torch.Tensor


def some_index(random: Random, x: T) -> tuple[Any, ...]:
    """Slices with steps, integers from either end, None and an Ellipsis."""
    index: list[Any] = []
    for size in x.shape:
        begin = random.randrange(size)
        kinds = [slice(None)] * 4 + [
            slice(begin, random.randint(begin + 1, size), random.choice([1, 1, 2])),
            begin - size,
        ]
        index.append(random.choice(kinds))
    if random.random() < 0.2:
        index.insert(random.randint(0, len(index)), None)
    return (..., *index[-1:]) if random.random() < 0.2 else tuple(index[: random.randint(0, len(index))])


def some_axis(random: Random, x: T) -> int:
    return random.randrange(-x.dim(), x.dim())


def every_third(x: T) -> T:
    return torch.arange(x.numel()).reshape(x.shape) % 3 == 0


def assign(x: T, index: Any, value: Any) -> None:
    x[index] = value


def update(random: Random, x: T) -> None:
    index = some_index(random, x)
    kind = random.randrange(4)
    if kind == 0:
        x[index] += 1
    elif kind == 1:
        x[index] *= x[index]
    elif kind == 2:
        x[index] = torch.tanh(x[index])
    else:
        x[index] = 0.5


def filled_by_parts(random: Random, x: T) -> T:
    y = torch.empty_like(x)
    y[..., :1] = x[..., :1]
    y[..., 1:] = 1
    return y


VIEWS: list[Callable[[Random, T], Any]] = [
    lambda random, x: x[some_index(random, x)],
    lambda random, x: x[some_index(random, x)],
    lambda random, x: x.transpose(some_axis(random, x), some_axis(random, x)),
    lambda random, x: x.permute(*random.sample(range(x.dim()), x.dim())),
    lambda random, x: x.view(-1),
    lambda random, x: x.flatten(1),
    lambda random, x: x.unflatten(1, (2, -1)),
    lambda random, x: x.reshape(x.shape[0], -1),
    lambda random, x: x.unsqueeze(some_axis(random, x)),
    lambda random, x: x.squeeze(),
    lambda random, x: random.choice(x.chunk(2, some_axis(random, x))),
    lambda random, x: random.choice(x.split(1, some_axis(random, x))),
    lambda random, x: random.choice(x.unbind(some_axis(random, x))),
    lambda random, x: x.narrow(some_axis(random, x), 1, 1),
    lambda random, x: x.select(-1, 0),
    lambda random, x: x.detach(),
    lambda random, x: x.data,
    lambda random, x: x.expand(2, *x.shape),
    lambda random, x: x.contiguous(),
    lambda random, x: nn.Parameter(x),
]
WRITES: list[Callable[[Random, T], Any]] = [
    update,
    update,
    update,
    lambda random, x: x.relu_(),
    lambda random, x: F.relu(x, inplace=True),
    lambda random, x: torch.sigmoid_(x),
    lambda random, x: x.mul_(2),
    lambda random, x: x.add_(1),
    lambda random, x: x.clamp_(-1, 1),
    lambda random, x: x.fill_(0.25),
    lambda random, x: x.zero_(),
    lambda random, x: x.masked_fill_(torch.arange(x.shape[-1]) % 2 == 0, 0.3),
    lambda random, x: x.index_fill_(0, torch.tensor([0]), 2.0),
    lambda random, x: assign(x, every_third(x), 1.5),
    lambda random, x: assign(x, (slice(None), [0, -1]), 0.5),
    lambda random, x: x.unsqueeze_(0),
    lambda random, x: x.squeeze_(),
    lambda random, x: x.transpose_(0, -1),
]
OF_TWO: list[Callable[[Random, T, T], Any]] = [
    lambda random, x, y: x.copy_(y),
    lambda random, x, y: assign(x, some_index(random, x), y[some_index(random, y)]),
    lambda random, x, y: x.add_(y),
    lambda random, x, y: torch.add(x, 1, out=y),
    lambda random, x, y: torch.mul(x, y, out=x),
    lambda random, x, y: x.index_copy_(0, torch.tensor([0]), y[:1]),
    lambda random, x, y: x.index_add_(0, torch.tensor([0]), y[:1]),
    lambda random, x, y: torch.cat([x, y], 0),
]
NEW: list[Callable[[Random, T], Any]] = [
    lambda random, x: x * 2,
    lambda random, x: x.clone(),
    lambda random, x: torch.zeros_like(x),
    lambda random, x: x.new_ones(x.shape),
    lambda random, x: torch.full(x.shape, 0.5),
    filled_by_parts,
]


class Program(nn.Module):
    """STEPS random calls on a growing list of tensors; those that PyTorch refuses are left out."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def forward(self, x: T) -> list[T]:
        random = Random(self.seed)
        tensors = [x, x * 0.5]
        probe = x * 0.3  # joined to each output, so that constants can be returned
        for _ in range(STEPS):
            kind = random.choices([VIEWS, WRITES, OF_TWO, NEW], [6, 5, 2, 1])[0]
            operands = [self.some(random, tensors) for _ in range(2 if kind is OF_TWO else 1)]
            call: Any = random.choice(kind)
            try:
                result = call(random, *operands)
            except (RuntimeError, IndexError, ValueError, TypeError):
                continue
            if isinstance(result, T) and 0 < result.numel() < 2000:
                tensors.append(result)
        chosen = [self.some(random, tensors) for _ in range(random.randint(1, 3))]
        return [torch.cat([tensor.reshape(1, -1), probe.reshape(1, -1)], 1) for tensor in chosen]

    @staticmethod
    def some(random: Random, tensors: list[T]) -> T:
        """A tensor, rather a new one."""
        return tensors[-1 - min(int(random.expovariate(0.6)), len(tensors) - 1)]


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of writing into expanded tensors
@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_program_is_traced_exactly(seed: int) -> None:
    torch.manual_seed(seed)
    shape = SHAPES[seed % len(SHAPES)]
    try:
        graph = trace(Program(seed), torch.randn(shape))
    except UnsupportedError as error:
        what = error.problems[0].what
        assert any(cause in what for cause in CAUSES), what
        return
    x = torch.randn(shape)
    with torch.no_grad():
        expected = Program(seed)(x.clone())
        found = to_torch(graph)(x.clone())
    found = list(found) if isinstance(found, tuple) else [found]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)

"""When a trace stops before the end of the model, and which problems it lists."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.problems import MOST_CALLS, MOST_REPEATS
from tests.frontends.torch.same import Net, conv, image, same


def branch_per_position(steps, x):
    for p in torch.nonzero(x[0, 0] > 0):
        steps.append(p)
        if x[0, 0, p[0], p[1]] > 0.5:
            x = x + 1
    return x


def sum_over_positions(steps, x):
    y = x * 1
    for p in torch.nonzero(x[0, 0] > 0):
        steps.append(p)
        y = y + p.float().sum()
    return y


def branch_per_row(steps, x):
    for i in range(x.shape[2]):
        steps.append(i)
        if x[0, 0, i, 0] > 0:
            x = x * 2
    return x


def until_small(steps, x):
    while x.abs().max() > 1e-20:
        steps.append(0)
        x = x * 0.9
    return x


def as_often_as_a_number_says(steps, x):
    for _ in range(int(x.abs().sum())):
        steps.append(0)
        x = x + 1
    return x


def with_the_exception_caught(steps, x):
    for i in range(x.shape[2]):
        try:
            steps.append(i)
            x = x * float(x.mean())
        except Exception:
            return x
    return x


LOOPS = {  # the loop: the first problem, the most steps that it may take
    branch_per_position: ("torch.nonzero returns a shape", MOST_REPEATS),
    sum_over_positions: ("torch.nonzero returns a shape", MOST_CALLS + 1),
    branch_per_row: ("(__bool__)", MOST_REPEATS),
    until_small: ("(__bool__)", MOST_REPEATS),
    as_often_as_a_number_says: ("(__int__)", MOST_CALLS + 1),
    with_the_exception_caught: ("(__float__)", MOST_REPEATS),
}


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_a_loop_over_traced_values_is_left_when_its_problem_repeats(loop) -> None:
    what, most = LOOPS[loop]
    steps: list[object] = []
    with pytest.raises(UnsupportedError) as caught:
        trace(lambda x: loop(steps, x), torch.rand(1, 1, 150, 2) + 0.1)
    assert what in caught.value.problems[0].what
    assert len(caught.value.problems) <= 3
    assert len(steps) <= most
    last = str(caught.value).splitlines()[-1]
    assert last.startswith("tracing stopped at ") and last.endswith("what follows was not examined")
    assert "(test_problems.py:" in last


def test_many_positions_take_no_time() -> None:
    start = time.perf_counter()
    with pytest.raises(UnsupportedError):
        trace(lambda x: branch_per_position([], x), torch.ones(1, 1, 64, 64))
    assert time.perf_counter() - start < 8  # 0.5 s; 50 s for all 4096 positions


def test_a_problem_in_every_block_does_not_stop_the_trace() -> None:
    block = nn.Sequential(*(Net(lambda _, x: torch.lgamma(x)) for _ in range(2 * MOST_REPEATS)))
    with pytest.raises(UnsupportedError) as caught:
        trace(Net(lambda self, x: self.block(x).erfinv(), block=block), torch.ones(1, 4, 6, 6))
    assert len(caught.value.problems) == 2 * MOST_REPEATS + 1
    assert "tracing stopped" not in str(caught.value)


def test_a_long_loop_without_a_problem_is_traced_to_its_end() -> None:
    def forward(x):
        for _ in range(2 * MOST_CALLS):
            x = x + 1
        return x

    assert len(trace(forward, torch.ones(1, 2)).nodes) == 2 * MOST_CALLS


def test_the_model_is_restored_when_the_trace_stops() -> None:
    def forward(self, x):
        for _ in range(20):
            self.count += 1
            x = self.part(x) if x.sum() > 0 else x
        return x

    model = Net(forward, part=conv()).train()
    model.count = 0
    with pytest.raises(UnsupportedError):
        trace(model, torch.ones(1, 4, 6, 6))
    assert model.count == 0 and model.training


class PoolByParts(nn.Module):
    """Fills `rows` of the two rows in memory of torch.empty."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, x):
        y = torch.empty(x.shape[0], x.shape[1], 2, 1)
        for i in range(self.rows):
            y[:, :, i, 0] = x[:, :, 3 * i : 3 * i + 3].mean((2, 3))
        return y


class AddNoise(nn.Module):
    def forward(self, x):
        noise = torch.randn(6)
        noise = noise * 2
        return x + noise


class FilledElsewhere(nn.Module):
    def forward(self, x):
        y = torch.empty(6)
        y.numpy()[:] = x.flatten()[:6].numpy()
        return x + y


def problems_of(model):
    with pytest.raises(UnsupportedError) as caught:
        trace(nn.Sequential(conv(), model, nn.Flatten(2), Net(lambda _, x: x.mean(dim=1))), torch.ones(1, 4, 6, 6))
    return caught.value.problems


def test_memory_that_is_filled_in_part_is_reported_where_it_is_used_and_allocated() -> None:
    (problem,) = problems_of(PoolByParts(1))
    line = PoolByParts.forward.__code__.co_firstlineno
    assert problem.where.startswith("3 (test_problems.py:")
    allocated = f"1 (test_problems.py:{line + 1})"
    assert problem.what == (
        f"torch.Tensor.mean uses memory allocated at {allocated}, parts of which no torch operation wrote"
    )
    assert "torch.zeros" in problem.fix


def test_memory_that_is_filled_part_by_part_is_a_concat() -> None:
    graph = same(PoolByParts(2), image())
    assert [node.layer.type for node in graph.nodes if node.layer.type in ("Concat", "Parameter")] == ["Concat"]


def test_memory_that_is_filled_number_by_number() -> None:
    def forward(x):
        y = torch.empty(1, 4, 2, 2)
        for i in range(2):
            for j in range(2):
                y[:, :, i, j] = x[:, :, i + j, j]
        y[:, 1:3] = y[:, 1:3] * 2
        return y

    graph = same(forward, image())
    assert all(node.layer.type != "Parameter" for node in graph.nodes)


def test_random_numbers_are_reported_where_they_are_used_and_drawn() -> None:
    (problem,) = problems_of(AddNoise())
    line = AddNoise.forward.__code__.co_firstlineno
    assert problem.where == f"1 (test_problems.py:{line + 3})"
    assert f"torch.Tensor.add uses random numbers (drawn at 1 (test_problems.py:{line + 1}))" in problem.what


def test_memory_that_left_torch_is_reported_where_it_left() -> None:
    (problem,) = problems_of(FilledElsewhere())
    assert problem.where == f"1 (test_problems.py:{FilledElsewhere.forward.__code__.co_firstlineno + 2})"
    assert "numpy passes the values out of PyTorch" in problem.what

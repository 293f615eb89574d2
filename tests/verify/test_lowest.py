"""Where -inf and the lowest float are one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe.frontends.torch.recording import record
from pytorch2caffe.verify.lowest import LARGEST, interchangeable, with_inf, with_largest

INF = float("inf")


def padded(x, value=-INF):
    return F.pad(x, (0, 1, 0, 1), value=value)


HARMLESS = {
    "max pooling": lambda x: F.max_pool2d(padded(x), 3, 2),
    "joined, then max pooling": lambda x: F.max_pool2d(torch.cat([padded(x), padded(-x)], 1), 3, 2),
    "ReLU": lambda x: padded(x).relu(),
    "min pooling": lambda x: -F.max_pool2d(-padded(x, INF), 3, 2),
    "the larger of two": lambda x: torch.maximum(padded(x), padded(x, 0.0)),
    "softmax": lambda x: padded(x)[:, :, :2].softmax(-1),
}
HARMFUL = {
    "an output": padded,
    "one of two outputs": lambda x: (padded(x), F.max_pool2d(padded(x), 3, 2)),
    "average pooling": lambda x: F.avg_pool2d(padded(x), 3, 2),
    "a sum": lambda x: padded(x).sum(1),
    "a window of padding only": lambda x: F.max_pool2d(F.pad(x, (3, 0), value=-INF), 2),
    "read by a maximum and by a product": lambda x: (F.max_pool2d(padded(x), 3, 2), (padded(x) * 0.5).mean(1)),
}


def names_with_inf(model):
    graph, values = record(model, torch.randn(1, 2, 6, 6), keep=True)
    return interchangeable(graph, values), {name for name, array in values.items() if np.isinf(array).any()}


@pytest.mark.parametrize("model", HARMLESS.values(), ids=HARMLESS)
def test_where_the_outputs_are_the_same(model):
    found, infinite = names_with_inf(model)
    assert found == infinite != set()


@pytest.mark.parametrize("model", HARMFUL.values(), ids=HARMFUL)
def test_where_they_are_not(model):
    found, infinite = names_with_inf(model)
    assert infinite - found


def test_both_directions():
    numbers = np.array([LARGEST, -LARGEST, 1.0, 0.0], np.float32)
    assert with_inf(numbers).tolist() == [INF, -INF, 1.0, 0.0]
    assert np.array_equal(with_largest(with_inf(numbers)), numbers)

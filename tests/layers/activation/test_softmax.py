import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.layers.conftest import lacks, types_of

SHAPES = [(2, 6), (2, 3, 4), (2, 3, 4, 5)]
LARGE = [  # where MNN does not subtract the maximum first, so that differences beyond 88 overflow
    lacks(F.softmax, 100, shape, axis, mnn="gives other numbers for large ones along a leading axis")
    for shape, axis in [((2, 3, 4), 0), ((2, 3, 4, 5), 0), ((2, 3, 4, 5), 1)]
]
ALL = [
    (function, factor, shape, axis)
    for shape in SHAPES
    for axis in range(-1, len(shape))
    for factor in (1, 100)
    for function in (F.softmax, F.log_softmax)
    if (function, factor, shape, axis) not in [tuple(case.values) for case in LARGE]
]


@pytest.mark.parametrize(
    ("function", "factor", "shape", "axis"), [*ALL, *LARGE], ids=lambda a: getattr(a, "__name__", str(a))
)
def test_runs_the_same_everywhere(function, factor, shape, axis, same_everywhere):
    same_everywhere(lambda x: function(x, axis), torch.randn(shape) * factor)


CASES = {
    "module": nn.Softmax(1),
    "module for pictures": nn.Softmax2d(),
    "method": lambda x: x.softmax(-1),
    "torch.softmax": lambda x: torch.softmax(x, dim=1),
    "with a dtype": lambda x: F.softmax(x, 1, dtype=torch.float32),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_every_spelling_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 3, 4, 5))


def test_one_axis(same_everywhere):
    same_everywhere(lambda x: x.softmax(0), torch.randn(6))


def test_softmax_is_one_layer():
    assert types_of(nn.Softmax(1), torch.zeros(2, 3)) == ["Softmax"]

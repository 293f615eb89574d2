import itertools

import pytest
import torch

from tests.layers.conftest import lacks, types_of

IMAGE = (2, 3, 4, 5)
AXES = [axes for count in (1, 2, 3) for axes in itertools.combinations(range(4), count)]
OPERATIONS = {"mean": torch.mean, "sum": torch.sum, "amax": torch.amax, "amin": torch.amin}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("keepdim", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("axes", AXES, ids=str)
def test_every_set_of_axes_runs_the_same_everywhere(operation, keepdim, axes, same_everywhere):
    same_everywhere(lambda x: operation(x, axes, keepdim=keepdim) * 2, torch.randn(IMAGE))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize(
    "shape, axis", [((2, 6), 0), ((2, 6), 1), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -1)], ids=str
)
def test_fewer_axes_run_the_same_everywhere(operation, shape, axis, same_everywhere):
    same_everywhere(lambda x: operation(x, axis), torch.randn(shape))


CASES = {
    "mean of all": lacks(lambda x: x.mean(), opencv="has no scalars"),
    "sum of all": lacks(lambda x: x.sum(), opencv="has no scalars"),
    "mean of no axes is of all": lacks(lambda x: x.mean(()), opencv="has no scalars"),
    "all axes, kept": lambda x: x.sum((0, 1, 2, 3), keepdim=True) + x.amin((0, 1, 2, 3), True),
    "negative axes": lambda x: x.mean((-2, -1)),
    "a list of axes": lambda x: x.sum([1, 3], True),
    "one axis as a list": lambda x: torch.sum(x, [2]),
    "max of all": lacks(lambda x: x.max(), opencv="has no scalars"),
    "min of all": lacks(lambda x: torch.min(x), opencv="has no scalars"),
    "values of max along an axis": lambda x: x.max(1)[0],
    "values of max, kept": lambda x: torch.max(x, dim=2, keepdim=True).values,
    "values of min along an axis": lambda x: torch.min(x, -1).values,
    "amax of all": lacks(lambda x: x.amax(), opencv="has no scalars"),
    "spatial attention": lambda x: torch.cat((x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]), 1),
    "variance by hand": lambda x: ((x - x.mean(1, keepdim=True)) ** 2).mean(1, keepdim=True),
    "a large sum": lambda x: (x * 100).sum((0, 2, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))


def test_five_axes_run_the_same_everywhere(same_everywhere):
    same_everywhere(lambda x: x.mean((1, 3)) + x.sum((1, 3)), torch.randn(2, 3, 2, 3, 2))


def test_over_height_and_width_is_one_pooling():
    assert types_of(lambda x: x.mean((2, 3), keepdim=True), torch.zeros(IMAGE)) == ["Pooling"]

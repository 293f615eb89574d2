import pytest
import torch

from tests.layers.conftest import types_of

COLUMN = (2, 3, 1, 1)
CASES = {
    "expand": (lambda x: x.expand(2, 3, 4, 5), COLUMN),
    "expand, a tuple": (lambda x: x.expand((2, 3, 4, 1)), COLUMN),
    "expand, -1": (lambda x: x.expand(-1, -1, 4, 5), COLUMN),
    "expand to more axes": (lambda x: x.expand(4, 2, 3), (2, 3)),
    "expand the batch": (lambda x: x.expand(3, -1, -1), (1, 2, 4)),
    "expand a row": (lambda x: x.expand(2, 3, 6) * 1, (6,)),
    "expand nothing": (lambda x: x.expand(2, 3, 1, 1) * 2, COLUMN),
    "expand_as": (lambda x: x.mean(1, keepdim=True).expand_as(x), (2, 3, 4, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_what_changes_nothing_is_no_layer():
    assert types_of(lambda x: x.expand(2, -1).repeat(1, 1).relu(), torch.zeros(2, 6)) == ["ReLU"]

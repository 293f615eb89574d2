import pytest

from tests.layers.elementwise.test_compare import numbers

CASES = {
    "any": lambda x: (x > 1).any(1),
    "all": lambda x: (x > -1).all(-1, keepdim=True),
    "all of numbers": lambda x: x.relu().all(-1),
    "any of everything": lambda x: (x > 1).any() * x,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, numbers())

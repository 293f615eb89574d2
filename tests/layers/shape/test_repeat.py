import pytest
import torch

CASES = {
    "repeat": (lambda x: x.repeat(1, 2, 3, 1), (2, 3, 4, 5)),
    "repeat, a tuple": (lambda x: x.repeat((2, 1)), (2, 6)),
    "repeat with more axes": (lambda x: x.repeat(3, 1, 2), (2, 3)),
    "repeat once": (lambda x: x.repeat(1, 1) * 2, (2, 3)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))

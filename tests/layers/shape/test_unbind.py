import pytest
import torch

SHAPE = (4, 6, 5, 4)
CASES = {f"unbind along {axis}": (lambda x, axis=axis: x.unbind(axis)) for axis in range(-4, 4)}
CASES |= {
    "a loop over the batch": lambda x: [part * i for i, part in enumerate(x, 1)],
    "unpacked": lambda x: sum(x.unbind(2)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))
